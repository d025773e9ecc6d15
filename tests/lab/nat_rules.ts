/**
 * The rules of the lab's NAT routers, as nftables rulesets. In each, `wan` is the outer and `lan` the inner
 * device, and what comes unasked from outside ends in the input hook: no route leads it inside.
 *
 * They differ in whom they let in (RFC 4787 section 5), and in what they answer to whom they don't. How external
 * ports are allotted is in `nat_mappings.ts`; where nothing is said, as Linux does it.
 *
 * `masquerade` sits in tables of family `ip`: in an `inet` table it would translate IPv6 as well.
 *
 * @module
 */
import { type PortMapping, preserving } from "./nat_mappings.ts";

/**
 * What a router says to an unasked packet: nothing, RST to a TCP SYN, or ICMP, which makes the dialling side's
 * error EHOSTUNREACH.
 */
export type Refusal = "drop" | "reset" | "host-unreachable";

/** Options of {@linkcode portRestricted}. */
export interface PortRestrictedOptions {
  /** @default {"drop"} */
  readonly refusal?: Refusal;
  /** @default {preserving} */
  readonly mapping?: PortMapping;
  /** What a new connection from inside has to match besides, as nftables expressions. @default {[""]} */
  readonly letsOut?: readonly string[];
}

/** Address-and-port-dependent filtering: whoever was contacted may answer, from that port alone. */
export function portRestricted(
  { refusal = "drop", mapping = preserving, letsOut = [""] }: PortRestrictedOptions = {},
): string {
  return `${translation(mapping)}
  ${forwarding(letsOut)}
  ${guard(refusal)}`;
}

/** {@linkcode portRestricted} that lets out nothing but web pages and names. */
export function webOnly(): string {
  return portRestricted({ letsOut: ["tcp dport { 80, 443 }", "udp dport 53"] });
}

/** A translation and no firewall: the router's own kernel answers what comes unasked, TCP with RST. */
export function unguarded(): string {
  return translation(preserving);
}

/**
 * {@linkcode portRestricted} with hairpinning: who sends from inside to an external endpoint of the router gets to
 * the owner of that port, under an external address (RFC 4787 section 6).
 */
export function hairpinning(): string {
  return `${translation(preserving)}
  table ip hairpin {
    map owners {
      type inet_proto . inet_service : ipv4_addr . inet_service; flags dynamic,timeout; timeout 5m; size 65535;
    }
    chain note {
      type filter hook postrouting priority srcnat + 1;
      oifname "wan" meta l4proto { tcp, udp } update @owners \\
        { meta l4proto . th sport : ct original ip saddr . ct original proto-src }
    }
    chain prerouting {
      type nat hook prerouting priority dstnat;
      iifname "lan" ip daddr != 192.168.0.0/16 fib daddr type local dnat to meta l4proto . th dport map @owners
    }
    chain postrouting {
      type nat hook postrouting priority srcnat;
      oifname "lan" ct status dnat snat to ct original ip daddr
    }
  }
  ${forwarding()}
  ${guard("drop")}`;
}

/** {@linkcode portRestricted} for two subnets, between which it routes. */
export function twoSubnets(): string {
  const [second, between] = [`iifname "lan2" oifname "wan" accept`, `iifname "lan*" oifname "lan*" accept`];
  return `${translation(preserving)}
  ${forwarding([""], [second, between])}
  ${guard("drop")}`;
}

/**
 * Endpoint-independent filtering: once `inside` has sent from a port, anyone may send to it.
 * TCP and UDP are mapped for five minutes after the last packet outwards.
 */
export function fullCone(inside: string): string {
  return remembering({
    inside,
    type: "inet_proto . inet_service",
    outwards: "meta l4proto . th sport",
    inwards: "meta l4proto . th dport",
  });
}

/** Address-dependent filtering: whoever was contacted from a port may send to it, from any port of its own. */
export function addressRestricted(inside: string): string {
  return remembering({
    inside,
    type: "inet_proto . inet_service . ipv4_addr",
    outwards: "meta l4proto . th sport . ip daddr",
    inwards: "meta l4proto . th dport . ip saddr",
  });
}

/** No translation: drops what nobody inside has asked for. */
export function statefulFirewall(): string {
  return `${forwarding()}
  ${guard("drop")}`;
}

/**
 * Notes who was contacted from where, and forwards what matches a note to `inside`. The ports in the notes are
 * the internal ones, which are the external ones too as there is one machine behind the router.
 */
function remembering(
  { inside, type, outwards, inwards }: { inside: string; type: string; outwards: string; inwards: string },
): string {
  return `table ip nat {
    set contacted { type ${type}; flags dynamic,timeout; timeout 5m; size 65535; }
    chain note {
      type filter hook forward priority filter - 1;
      iifname "lan" oifname "wan" meta l4proto { tcp, udp } update @contacted { ${outwards} }
    }
    chain prerouting {
      type nat hook prerouting priority dstnat;
      iifname "wan" ${inwards} @contacted dnat to ${inside}
    }
    chain postrouting { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
  }
  ${forwarding()}
  ${guard("drop")}`;
}

/** Source addresses become the router's own, ports what `mapping` says. */
function translation({ definitions = "", statements = "" }: PortMapping): string {
  return `table ip nat {
    ${definitions}
    chain postrouting {
      type nat hook postrouting priority srcnat;
      ${statements}
      oifname "wan" masquerade
    }
  }`;
}

/**
 * Forwards from inside, and from outside what belongs to a connection or was let in by a note. Invalid packets
 * would pass untranslated, with the private address.
 */
function forwarding(letsOut: readonly string[] = [""], also: readonly string[] = []): string {
  const outwards = letsOut.map((which) => `iifname "lan" oifname "wan" ${which} accept`);
  return `table ip transit {
    chain forward {
      type filter hook forward priority filter; policy drop;
      ct state invalid drop
      ct state established,related accept
      ct status dnat accept
      ${[...outwards, ...also].join("\n      ")}
    }
  }`;
}

const REFUSALS: Record<Refusal, string> = {
  drop: "",
  reset: `iifname "wan" meta l4proto tcp reject with tcp reset`,
  "host-unreachable": `iifname "wan" reject with icmp host-unreachable`,
};

/** What the router says to unasked packets for itself. Refused ones leave no trace in conntrack. */
function guard(refusal: Refusal): string {
  return `table ip guard {
    chain input {
      type filter hook input priority filter; policy accept;
      iifname "wan" ct state established,related accept
      ${REFUSALS[refusal]}
      iifname "wan" drop
    }
  }`;
}
