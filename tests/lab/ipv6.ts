/**
 * IPv6 in the lab, besides IPv4 and for those that have it: public hosts, and peers whose kind of network says so.
 *
 * Addresses are from documentation blocks (RFC 3849, RFC 9637), which no software treats as special. Every cable has
 * link-local addresses, `fe80::1` at the end that is nearer to the WAN, so that gateways need no other.
 *
 * @module
 */
import type { Device, Plan } from "./plan.ts";

/** The link-local address of whoever is nearer to the WAN. */
const GATEWAY = "fe80::1";
/** That of a machine or router on the WAN. */
const ATTACHED = "fe80::2";

/** The IPv6 address of the `n`-th public host: distinct /32s. */
export function hostIpv6(n: number): string {
  return `3fff:${(n + 1).toString(16)}::1`;
}

/** The `n`-th home's prefix, a /64, without its end. */
export function homePrefix(n: number): string {
  return `2001:db8:${(n + 1).toString(16)}:1`;
}

/** Plans one side of the WAN's cable to a machine: `destination` is behind it. */
export function planIpv6Cable(plan: Plan, port: Device, machine: Device, destination: string): void {
  plan.ip(
    port.namespace,
    `addr add ${GATEWAY}/64 dev ${port.device} nodad`,
    `route add ${destination} via ${ATTACHED} dev ${port.device}`,
  );
  plan.ipv6(machine.namespace);
  plan.ip(machine.namespace, `addr add ${ATTACHED}/64 dev ${machine.device} nodad`);
}

/** Plans an address without a network around it, for a machine on the WAN. */
export function planIpv6Host(plan: Plan, { namespace, device }: Device, address: string): void {
  plan.ip(namespace, `addr add ${address}/128 dev ${device} nodad`);
  planDefault(plan, { namespace, device });
}

/** Plans the inner and outer side of a home's router. */
export function planIpv6Router(plan: Plan, namespace: string, prefix: string): void {
  plan.ip(
    namespace,
    `addr add ${GATEWAY}/64 dev lan nodad`,
    `addr add ${prefix}::1/64 dev lan nodad`,
  );
  planDefault(plan, { namespace, device: "wan" });
}

/** Plans a machine in a home; gives its address. */
export function planIpv6Machine(plan: Plan, machine: Device, prefix: string, n: number): string {
  const address = `${prefix}::${(n + 1).toString(16)}`;
  plan.ipv6(machine.namespace);
  plan.ip(machine.namespace, `addr add ${address}/64 dev ${machine.device} nodad`);
  planDefault(plan, machine);
  return address;
}

function planDefault(plan: Plan, { namespace, device }: Device): void {
  plan.ip(namespace, `route add default via ${GATEWAY} dev ${device}`);
}

/** Plans the way of IPv6 through the WAN: that of IPv4, see `planWan`. */
export function planIpv6Wan(plan: Plan, namespace: string): void {
  plan.ipv6(namespace, { forward: true });
  plan.run(
    namespace,
    `ip -6 rule add pref 100 iif delay lookup main
ip -6 rule add pref 200 lookup 100
ip -6 route add default dev delay table 100
ip -6 route add blackhole default
`,
  );
}

/** What an IPv6 router does with what comes unasked; `broken` lets nothing pass in either direction, and says nothing. */
export type Ipv6Filter = "drop" | "reset" | "broken";

/** A stateful firewall for IPv6, between `lan` and `wan`. */
export function ipv6Firewall(filter: Ipv6Filter): string {
  const rules = filter === "broken" ? "" : `ct state invalid drop
      ct state established,related accept
      iifname "lan" oifname "wan" accept
      ${filter === "reset" ? "meta l4proto tcp reject with tcp reset" : ""}`;
  return `table ip6 transit {
    chain forward {
      type filter hook forward priority filter; policy drop;
      ${rules}
    }
  }`;
}
