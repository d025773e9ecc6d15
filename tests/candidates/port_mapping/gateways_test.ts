import { assertEquals } from "@std/assert";
import { gateways } from "../../../lib/candidates/port_mapping/mod.ts";

const HOME = { address: "192.168.1.5", prefix: 24 };
const OFFICE = { address: "10.1.2.3", prefix: 16 };
const HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";

/** A line of Linux's /proc/net/route on a little-endian machine. */
function route(gateway: string, destination = "00000000", mask = "00000000"): string {
  return `eth0\t${destination}\t${gateway}\t0003\t0\t0\t100\t${mask}\t0\t0\t0`;
}

Deno.test("gateways() gives the default gateway that the system's table names", () => {
  const table = [HEAD, route("FE01A8C0"), route("00000000", "0001A8C0", "00FFFFFF"), ""].join("\n");
  assertEquals(gateways([HOME], table), [{ hostname: "192.168.1.254", client: "192.168.1.5" }]);
});

Deno.test("gateways() leaves out gateways of other networks, public ones, and lines of another form", () => {
  const table = [HEAD, route("0100000A"), route("09007106"), route("nonsense"), "", "x"].join("\n");
  assertEquals(gateways([HOME], table), []);
});

Deno.test("gateways() guesses where there is no table: the first address, and the last of a small network", () => {
  assertEquals(gateways([HOME, OFFICE], undefined), [
    { hostname: "192.168.1.1", client: "192.168.1.5" },
    { hostname: "10.1.0.1", client: "10.1.2.3" },
    { hostname: "192.168.1.254", client: "192.168.1.5" },
  ]);
});

Deno.test("gateways() gives none that is this machine, and none for public addresses and IPv6", () => {
  const own = { address: "172.17.0.1", prefix: 16 };
  const open = { address: "6.10.0.9", prefix: 24 };
  const ipv6 = { address: "fd00::5", prefix: 64 };
  assertEquals(gateways([own, open, ipv6], undefined), []);
  assertEquals(gateways([], [HEAD, route("FE01A8C0")].join("\n")), []);
});

Deno.test("gateways() gives three at most", () => {
  const many = Array.from({ length: 9 }, (_, n) => ({ address: `192.168.${n}.5`, prefix: 24 }));
  assertEquals(gateways(many, undefined).length, 3);
});
