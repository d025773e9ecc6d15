/**
 * The rules of the lab's NAT routers, as nftables rulesets. In each, `wan` is the outer and `lan` the inner
 * device, and what comes unasked from outside ends in the input hook: no route leads it inside.
 *
 * All of them translate as Linux does: the external port equals the internal one unless that would make two
 * connections alike, so the mapping is endpoint-independent. They differ in whom they let in
 * (RFC 4787 section 5), and in what they answer to whom they don't.
 *
 * `masquerade` sits in tables of family `ip`: in an `inet` table it would translate IPv6 as well.
 *
 * @module
 */

/** The two words that a router has for an unasked TCP SYN. */
export type Refusal = "drop" | "reset";

/** Address-and-port-dependent filtering: whoever was contacted may answer, from that port alone. */
export function portRestricted(refusal: Refusal = "drop"): string {
  return `table ip nat {
    chain postrouting { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
  }
  ${FORWARD_FROM_INSIDE}
  ${guard(refusal)}`;
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
  return `${FORWARD_FROM_INSIDE}
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
  ${FORWARD_FROM_INSIDE}
  ${guard("drop")}`;
}

/**
 * Forwards from inside, and from outside what belongs to a connection or was let in by a note. Invalid packets
 * would pass untranslated, with the private address.
 */
const FORWARD_FROM_INSIDE = `table ip transit {
    chain forward {
      type filter hook forward priority filter; policy drop;
      ct state invalid drop
      ct state established,related accept
      ct status dnat accept
      iifname "lan" oifname "wan" accept
    }
  }`;

/** What the router says to unasked packets for itself. Dropped ones leave no trace in conntrack. */
function guard(refusal: Refusal): string {
  const answer = refusal === "reset" ? `iifname "wan" meta l4proto tcp reject with tcp reset` : "";
  return `table ip guard {
    chain input {
      type filter hook input priority filter; policy accept;
      iifname "wan" ct state established,related accept
      ${answer}
      iifname "wan" drop
    }
  }`;
}
