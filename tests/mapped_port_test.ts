import { assertEquals, assertRejects } from "@std/assert";
import type { PortMapping, PortMappingOptions } from "../lib/candidates/port_mapping/mod.ts";
import type { Candidate } from "../lib/endpoint.ts";
import type { Discovery, Observation } from "../lib/discovery/mod.ts";
import { MappedPort } from "../lib/_mapped_port.ts";
import type { Progress } from "../lib/progress.ts";

/** A router that answers when the test says so. */
function fakeRouter() {
  const asked: PortMappingOptions[] = [];
  let mapped: Candidate | undefined;
  let isClosed = false;
  const open = (options: PortMappingOptions): PortMapping => {
    asked.push(options);
    return {
      get mapped() {
        return mapped;
      },
      get states() {
        return mapped ? [{ protocol: "pcp" as const, gateway: "192.168.1.1", state: "mapped" as const }] : [];
      },
      [Symbol.asyncDispose]() {
        isClosed = true;
        return Promise.resolve();
      },
    };
  };
  const map = (hostname: string | undefined) => {
    mapped = hostname === undefined ? undefined : { kind: "mapped", hostname, port: 41_000 };
    asked[0]?.onChange?.();
  };
  return { open, asked, map, isClosed: () => isClosed };
}

/** A DHT whose nodes see us at `address`. */
function seenAt(address: string | undefined): Discovery {
  const observations: Observation[] = address === undefined ? [] : ["1.1.0.1", "2.2.0.1"].map((hostname) => ({
    observer: { hostname, port: 1 },
    observed: { hostname: address, port: 5000 },
  }));
  return { observations: () => observations, port: 5000 } as unknown as Discovery;
}

function portAt(address: string | undefined, { enabled = true } = {}) {
  const router = fakeRouter(), events: Progress[] = [];
  const options = { port: 5000, enabled, report: (event: Progress) => events.push(event), open: router.open };
  return { router, events, mapped: new MappedPort({ ...options, discovery: seenAt(address) }) };
}

Deno.test("MappedPort asks the router once, tells of the mapping, and gives it back at the end", async () => {
  const { router, events, mapped } = portAt("198.51.100.7");
  mapped.ask();
  mapped.ask();
  assertEquals([router.asked.length, mapped.candidate], [1, undefined]);
  const waiting = mapped.arrival(60_000, new AbortController().signal);
  router.map("198.51.100.7");
  await waiting;
  assertEquals(mapped.candidate, { kind: "mapped", hostname: "198.51.100.7", port: 41_000 });
  router.map(undefined);
  assertEquals(mapped.candidate, undefined);
  assertEquals(events, [
    { type: "mapped", external: "198.51.100.7:41000", protocol: "pcp" },
    { type: "mapped" },
  ]);
  await mapped[Symbol.asyncDispose]();
  assertEquals(router.isClosed(), true);
});

Deno.test("MappedPort does not believe a router that names another address than the network sees", async () => {
  await using mapped = portAt("198.51.100.7").mapped;
  mapped.ask();
  const { router, mapped: other } = portAt("198.51.100.7");
  other.ask();
  router.map("203.0.113.9");
  assertEquals(other.candidate, undefined);
  await other[Symbol.asyncDispose]();
});

Deno.test("MappedPort asks nobody without a network, on a machine of one's own, or when it may not", async () => {
  const own = Deno.networkInterfaces().find(({ family }) => family === "IPv4")!.address;
  for (const address of [undefined, "127.0.0.1", "192.168.1.2", own]) {
    const { router, mapped } = portAt(address);
    mapped.ask();
    await mapped.arrival(60_000, new AbortController().signal); // at once, as nobody was asked
    assertEquals([address, router.asked.length], [address, 0]);
  }
  const { router, mapped } = portAt("198.51.100.7", { enabled: false });
  mapped.ask();
  assertEquals(router.asked.length, 0);
});

Deno.test("MappedPort.arrival() ends after its time, and when aborted", async () => {
  await using mapped = portAt("198.51.100.7").mapped;
  mapped.ask();
  await mapped.arrival(1, new AbortController().signal);
  const controller = new AbortController();
  const waiting = mapped.arrival(60_000, controller.signal);
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
});
