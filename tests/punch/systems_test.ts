import { assertEquals } from "@std/assert";
import { listeningOn } from "../../lib/punch/_systems.ts";

Deno.test("listeningOn() takes Deno's listener where it shares its port, and node:net's elsewhere", () => {
  assertEquals(listeningOn("linux", true), { by: "deno", isDualStack: true });
  assertEquals(listeningOn("android", true), { by: "deno", isDualStack: true });
  assertEquals(listeningOn("darwin", true), { by: "node", isDualStack: true });
  assertEquals(listeningOn("windows", true), { by: "node", isDualStack: false });
});

Deno.test("listeningOn() never takes Deno's listener without --unstable-net, which would end the process", () => {
  for (const os of ["linux", "android", "darwin", "windows", "freebsd"] as const) {
    assertEquals(listeningOn(os, false).by, "node", os);
  }
});
