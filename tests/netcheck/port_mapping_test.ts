import { assertEquals } from "@std/assert";
import type { PortMappingOptions } from "../../lib/candidates/port_mapping/mod.ts";
import { measurePortMapping } from "../../lib/netcheck/port_mapping.ts";

const NEVER = new AbortController().signal;

Deno.test("measurePortMapping() tells by which protocol the router maps, and gives the mapping back", async () => {
  let isClosed = false;
  const state = { protocol: "nat-pmp", gateway: "192.168.1.1", state: "mapped" } as const;
  const open = ({ onChange }: PortMappingOptions) => {
    queueMicrotask(() => onChange?.());
    const mapped = { kind: "mapped", hostname: "198.51.100.7", port: 41_000 } as const;
    return { mapped, states: [state], [Symbol.asyncDispose]: () => Promise.resolve(void (isClosed = true)) };
  };
  const check = { port: 5000, publicAddress: "198.51.100.7", own: ["192.168.1.2"], signal: NEVER, open };
  assertEquals([await measurePortMapping(check), isClosed], [[state], true]);
});

Deno.test("measurePortMapping() asks no router where none stands between us and the network", async () => {
  const open = () => {
    throw new Error("asked");
  };
  for (const publicAddress of [undefined, "127.0.0.1", "192.168.1.2", "198.51.100.7"]) {
    const check = { port: 5000, publicAddress, own: ["198.51.100.7"], signal: NEVER, open };
    assertEquals(await measurePortMapping(check), []);
  }
});

Deno.test("measurePortMapping() takes a router that has not answered in time for a silent one", async () => {
  const asking = { protocol: "upnp", gateway: "192.168.1.1", state: "asking" } as const;
  const open = () => ({
    mapped: undefined,
    states: [asking],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  const signal = AbortSignal.abort();
  const check = { port: 5000, publicAddress: "198.51.100.7", own: [], signal, open };
  assertEquals(await measurePortMapping(check), [{ ...asking, state: "silent" }]);
});
