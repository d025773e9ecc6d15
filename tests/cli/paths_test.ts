import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { CommandError } from "../../cli/_exit.ts";
import {
  cacheFolder,
  identityPath,
  invitationsPath,
  knownNodesPath,
  namesPath,
  runningPath,
} from "../../cli/_paths.ts";

function surroundings(os: typeof Deno.build.os, env: Record<string, string>) {
  return { os, env: (name: string) => env[name] };
}

Deno.test("identityPath() follows the platform's convention", () => {
  const table: [typeof Deno.build.os, Record<string, string>, string][] = [
    ["linux", { HOME: "/home/ann" }, "/home/ann/.config/skip-public-ip/identity.pem"],
    ["linux", { HOME: "/home/ann", XDG_CONFIG_HOME: "/etc/ann" }, "/etc/ann/skip-public-ip/identity.pem"],
    ["linux", { HOME: "/home/ann", XDG_CONFIG_HOME: "" }, "/home/ann/.config/skip-public-ip/identity.pem"],
    ["darwin", { HOME: "/Users/ann" }, "/Users/ann/Library/Application Support/skip-public-ip/identity.pem"],
  ];
  for (const [os, env, expected] of table) {
    assertEquals(identityPath(surroundings(os, env)).replaceAll("\\", "/"), expected);
  }
});

Deno.test("identityPath() lies in the roaming folder on Windows", () => {
  const path = identityPath(surroundings("windows", { APPDATA: "C:/Users/ann/AppData/Roaming" }));
  assertEquals(path.replaceAll("\\", "/"), "C:/Users/ann/AppData/Roaming/skip-public-ip/identity.pem");
});

Deno.test("namesPath() lies in the configuration folder, and invitations beside the key file that they are for", () => {
  const here = surroundings("linux", { HOME: "/home/ann" });
  assertEquals(namesPath(here).replaceAll("\\", "/"), "/home/ann/.config/skip-public-ip/names");
  assertEquals(invitationsPath("/a/key.pem"), "/a/key.pem.invitations");
});

Deno.test("runningPath() lies in the cache folder", () => {
  const here = surroundings("linux", { HOME: "/home/ann" });
  assertEquals(runningPath(here).replaceAll("\\", "/"), "/home/ann/.cache/skip-public-ip/running");
});

Deno.test("knownNodesPath() keeps each network's nodes in a file of their own", async () => {
  const here = surroundings("linux", { HOME: "/home/ann" });
  const of = async (nodes?: string[]) => (await knownNodesPath(nodes, here)).replaceAll("\\", "/");
  assertEquals(await of(), "/home/ann/.cache/skip-public-ip/nodes.json");
  assertNotEquals(await of(["a:1"]), await of());
  assertNotEquals(await of(["a:1"]), await of(["a:2"]));
  assertEquals(await of(["a:1", "b:2"]), await of(["b:2", "a:1"]));
});

Deno.test("identityPath() puts no key into whatever folder this is", () => {
  for (const os of ["linux", "darwin", "windows"] as const) {
    const error = assertThrows(() => identityPath(surroundings(os, {})), CommandError, "neither HOME nor");
    assertEquals(error.failure.code, "home");
  }
  assertEquals(
    identityPath(surroundings("linux", { XDG_CONFIG_HOME: "/a" })),
    "/a/skip-public-ip/identity.pem",
  );
});

Deno.test("cacheFolder() is somewhere, as what is in it may be lost", () => {
  assertEquals(cacheFolder(surroundings("linux", {})).replaceAll("\\", "/"), ".cache/skip-public-ip");
  const windows = surroundings("windows", { USERPROFILE: "C:/Users/ann" });
  assertEquals(cacheFolder(windows).replaceAll("\\", "/"), "C:/Users/ann/AppData/Local/skip-public-ip");
});
