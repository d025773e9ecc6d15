/**
 * A small Internet on one Linux machine: network namespaces, real kernel NATs (nftables), and a WAN with delay
 * and loss. For tests, benchmarks, the demo, and by hand (`deno task lab`).
 *
 * ```text
 *                       h0 … h7: public hosts, each in a /16 of its own
 *                        │ … │
 *     ┌──────────────────┴───┴─────────────────────┐      every packet between two ports of the WAN goes
 *     │ wan     policy route ─► TUN ─► ports       │ ◄──► through delay_line.py, which lets it out again
 *     └──┬────────┬──────────┬───────────┬─────────┘      after rttMs / 2, or never
 *        │        │          │           │
 *        │     ┌──┴───┐   ┌──┴───┐   ┌───┴─────┐
 *        │     │ NAT  │   │ NAT  │   │ carrier │  198.51.100.7 outside, 100.64.n.1 inside
 *        │     └──┬───┘   └─┬──┬─┘   └───┬─────┘
 *        │        │         │  │      ┌──┴───┐
 *        │        │         │  │      │ NAT  │     100.64.n.2 outside, 192.168.m.1 inside
 *        │        │         │  │      └──┬───┘
 *        p0       p1       p2  p3        p4         192.168.m.2
 *       open     port      lan lan      cgnat
 * ```
 *
 * Each box and each name is a network namespace. LANs have no delay. The address plan is in `addresses.ts`, the
 * kinds of network are one entry each in `nat.ts`. All names begin with a prefix of the lab's own, so labs do
 * not disturb each other; when the process ends, however it ends, its labs are removed. IPv6 have the
 * public hosts and the peers whose kind of network says so. There is no name server: names fail at once. Tests use `labTest()` of `lab_test_helper.ts`, which says
 * so where there can be no lab; `probe.ts` sees what a NAT does, through an `Agent` on each side; `startNoise()` of
 * `noise.ts` has others use a router, too.
 *
 * @example A command on each side of two NATs
 * ```ts ignore
 * import { Lab } from "./mod.ts";
 *
 * await using lab = await Lab.create({ rttMs: 50 });
 * const [a, b] = await lab.pair("port", "cgnat");
 * console.log((await a.output("ip", ["-brief", "address"])).stdout, b.publicAddress);
 * ```
 *
 * @module
 */
export { labUnavailable } from "./available.ts";
export type { WanShape } from "./delay_line.ts";
export { type Finished, LabHost } from "./host.ts";
export { Lab, type LabOptions } from "./lab.ts";
export { isNatType, NAT_TYPES, type NatType } from "./nat.ts";
