import { assertEquals } from "@std/assert";
import { createSocket } from "node:dgram";
import { outcomeOf, Prober } from "../lib/_prober.ts";
import { newTransactionId } from "../lib/candidates/mod.ts";
import { probeDatagram } from "../lib/check/mod.ts";

const anywhere = { mayProbe: () => true };
const ID = newTransactionId();

Deno.test("Prober tells an open port from one that refuses", async () => {
  await using prober = new Prober(anywhere);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const accepting = listener.accept();
  assertEquals(await prober.probe({ hostname, port }, "tcp", ID), "in");
  (await accepting).close();
  listener.close();
  assertEquals(await prober.probe({ hostname, port }, "tcp", ID), "reset");
});

Deno.test("Prober sends one datagram, with the asker's transaction id, from a port of its own", async () => {
  await using prober = new Prober(anywhere);
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  const received = new Promise<Uint8Array>((resolve) => socket.once("message", (data) => resolve(data)));
  const { port } = socket.address();
  assertEquals(await prober.probe({ hostname: "127.0.0.1", port }, "udp", ID), "sent");
  assertEquals(Uint8Array.from(await received), probeDatagram(ID));
  await new Promise<void>((resolve) => socket.close(() => resolve()));
});

Deno.test("Prober tries no address but a global one, and no port of a system's service", async () => {
  await using prober = new Prober();
  for (const hostname of ["127.0.0.1", "192.168.1.1", "169.254.0.1", "::1", "fe80::1", "fd00::1"]) {
    assertEquals(await prober.probe({ hostname, port: 2000 }, "tcp", ID), "declined", hostname);
  }
  await using low = new Prober(anywhere);
  for (const port of [0, 22, 1023]) {
    assertEquals(await low.probe({ hostname: "127.0.0.1", port }, "tcp", ID), "declined", `${port}`);
  }
});

Deno.test("Prober declines an address that asks too often, until the next window", async () => {
  let time = 0;
  await using prober = new Prober({ ...anywhere, now: () => time });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const tries = async () => {
    const outcomes: string[] = [];
    for (let i = 0; i < 60; i++) {
      outcomes.push(await prober.probe({ hostname: "127.0.0.1", port }, "tcp", ID));
    }
    return outcomes.filter((outcome) => outcome === "reset").length;
  };
  assertEquals(await tries(), 40);
  time += 59_999;
  assertEquals(await tries(), 0);
  time += 1;
  assertEquals(await tries(), 40);
});

Deno.test("Prober tries little of one address at once", async () => {
  await using prober = new Prober(anywhere);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const target = { hostname: "127.0.0.1", port: listener.addr.port };
  const outcomes = await Promise.all(Array.from({ length: 12 }, () => prober.probe(target, "tcp", ID)));
  assertEquals(outcomes.filter((outcome) => outcome === "declined").length, 4);
  listener.close();
});

Deno.test("Prober tries nothing once it is closed", async () => {
  const prober = new Prober(anywhere);
  await prober[Symbol.asyncDispose]();
  assertEquals(await prober.probe({ hostname: "127.0.0.1", port: 2000 }, "tcp", ID), "declined");
});

Deno.test("outcomeOf() tells RST, ICMP and silence apart", () => {
  const coded = (code: string) => Object.assign(new Error(code), { code });
  assertEquals(outcomeOf(new Deno.errors.ConnectionRefused("")), "reset");
  assertEquals(outcomeOf(new Deno.errors.ConnectionReset("")), "reset");
  assertEquals(outcomeOf(coded("EHOSTUNREACH")), "icmp");
  assertEquals(outcomeOf(coded("ENETUNREACH")), "icmp");
  assertEquals(outcomeOf(new DOMException("", "TimeoutError")), "silence");
  assertEquals(outcomeOf(null), "silence");
});
