/**
 * The kinds of network that a peer can sit in: one entry each.
 *
 * @module
 */
import { carrierSubnet, homeSubnet } from "./addresses.ts";
import { addressRestricted, fullCone, portRestricted, statefulFirewall } from "./nat_rules.ts";
import type { Plan } from "./plan.ts";
import { Firewall, NatRouter, type Uplink, type Wan } from "./uplink.ts";

/** What an entry of {@linkcode NAT_TYPES} builds with: names and numbers that are new each time, and the WAN. */
export interface Site {
  readonly plan: Plan;
  readonly wan: Wan;
  /** A namespace name for a router. */
  routerName(): string;
  /** A number for a subnet. */
  number(): number;
  /** The uplink that was first built under `key`, so that several peers share it. */
  shared(key: string, build: () => Uplink): Uplink;
}

/**
 * Each kind of network, and what a peer in it is plugged into.
 *
 * | type | what it is |
 * |---|---|
 * | `open` | a public address, no firewall |
 * | `fullcone` | NAT, endpoint-independent filtering |
 * | `addr` | NAT, address-dependent filtering |
 * | `port` | NAT, address-and-port-dependent filtering: Linux as it comes, unasked packets dropped |
 * | `port-rst` | the same, an unasked SYN answered with RST |
 * | `firewall` | a public address behind a stateful firewall |
 * | `cgnat` | `port` at home, behind `port` of the carrier |
 * | `lan` | `port`, shared by all peers of this type in one lab; no hairpinning |
 */
export const NAT_TYPES = {
  open: ({ wan }) => wan,
  fullcone: (site) => home(site, fullCone),
  addr: (site) => home(site, addressRestricted),
  port: (site) => home(site, () => portRestricted()),
  "port-rst": (site) => home(site, () => portRestricted("reset")),
  firewall: (site) =>
    new Firewall(site.plan, site.wan, { namespace: site.routerName(), rules: statefulFirewall() }),
  cgnat: (site) => home(site, () => portRestricted(), carrier(site)),
  lan: (site) => site.shared("lan", () => home(site, () => portRestricted())),
} satisfies Record<string, (site: Site) => Uplink>;

/** A kind of network: a key of {@linkcode NAT_TYPES}. */
export type NatType = keyof typeof NAT_TYPES;

/** Whether `text` names a kind of network. */
export function isNatType(text: string): text is NatType {
  return Object.hasOwn(NAT_TYPES, text);
}

function home(site: Site, rules: (inside: string) => string, uplink: Uplink = site.wan): Uplink {
  return new NatRouter(site.plan, uplink, {
    namespace: site.routerName(),
    subnet: homeSubnet(site.number()),
    rules,
  });
}

function carrier(site: Site): Uplink {
  return new NatRouter(site.plan, site.wan, {
    namespace: site.routerName(),
    subnet: carrierSubnet(site.number()),
    rules: () => portRestricted(),
  });
}
