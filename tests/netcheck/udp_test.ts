import { assertEquals } from "@std/assert";
import { Prober } from "../../lib/_prober.ts";
import type { Probe } from "../../lib/check/mod.ts";
import type { Endpoint } from "../../lib/endpoint.ts";
import { measureUdp, type UdpOptions } from "../../lib/netcheck/udp.ts";
import { Testnet } from "../testnet.ts";
import { found, stunServer, type TestServer } from "./_observer.ts";

const NEVER = new AbortController().signal;
const observed = { hostname: "127.0.0.1", port: 1 };

function options(nodes: readonly Endpoint[], more: Partial<UdpOptions> = {}): UdpOptions {
  const observations = nodes.map((observer) => ({ observer, observed }));
  return { observations, servers: [], own: [], signal: NEVER, ...more };
}

/** The observer as if it were at another address than the nodes. */
const elsewhere = (server: TestServer) => ({
  ...found(server, true),
  endpoint: { ...server.endpoint, hostname: "127.0.0.2" },
});

Deno.test("measureUdp() learns from nodes of the DHT how ports are mapped", async () => {
  await using net = await Testnet.create({ nodes: 2 });
  const unknown = { mapping: "preserving", filtering: "unknown" } as const;
  assertEquals(await measureUdp(options(net.bootstrap)), unknown);
  assertEquals(await measureUdp(options(net.bootstrap, { own: ["127.0.0.1"] })), {
    ...unknown,
    mapping: "open",
  });
});

Deno.test({
  name: "measureUdp() tells from an observer's datagrams whom the NAT lets in",
  ignore: Deno.build.os !== "linux", // elsewhere loopback has one address
  async fn() {
    await using net = await Testnet.create({ nodes: 2 });
    const prober = new Prober({ mayProbe: () => true });
    const silent: Probe = () => Promise.resolve("sent");
    const declining: Probe = () => Promise.resolve("declined");
    for (
      const [probe, filtering] of [
        [prober.probe, "independent"],
        [silent, "port"],
        [declining, "unknown"],
      ] as const
    ) {
      await using observer = await stunServer(probe);
      const servers = [elsewhere(observer)];
      const report = await measureUdp(options(net.bootstrap, { servers }));
      assertEquals(report, { mapping: "preserving", filtering });
    }
    await prober[Symbol.asyncDispose]();
  },
});

Deno.test("measureUdp() does not wait for nodes that do not answer, nor once it is aborted", async () => {
  const socket = await Testnet.create({ nodes: 1 });
  const gone = socket.bootstrap;
  await socket.close();
  const unknown = { mapping: "unknown", filtering: "unknown" } as const;
  assertEquals(await measureUdp(options(gone)), unknown);
  assertEquals(await measureUdp(options(gone, { signal: AbortSignal.abort() })), unknown);
  assertEquals(await measureUdp(options([])), unknown);
});
