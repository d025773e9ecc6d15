/**
 * The kinds of network that a peer can sit in: one entry each.
 *
 * @module
 */
import { carrierSubnet, homeSubnet, squattedSubnet } from "./addresses.ts";
import {
  drawn,
  perAddress,
  pooled,
  type Pooling,
  type PortMapping,
  sequential,
  unrelated,
} from "./nat_mappings.ts";
import {
  addressRestricted,
  fullCone,
  hairpinning,
  portRestricted,
  statefulFirewall,
  twoSubnets,
  unguarded,
  webOnly,
} from "./nat_rules.ts";
import { homePrefix, type Ipv6Filter } from "./ipv6.ts";
import type { Plan } from "./plan.ts";
import { Firewall, NatRouter, type NatRouterOptions, type Uplink, Wan } from "./uplink.ts";
import { MAPPING_ROUTERS, mappingRouter, planMapper } from "./upnp.ts";

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
 * | `port-icmp` | the same, whatever comes unasked answered with ICMP "host unreachable" |
 * | `port-bare` | the same translation and no firewall: the router's own kernel answers, TCP with RST |
 * | `port-noprsv` | `port` whose external ports have nothing to do with the internal ones |
 * | `sym-seq` | `port` whose external port is the next one for each destination |
 * | `sym-seq2` | the same, two further each time |
 * | `sym-rand` | `port` whose external port is drawn from all for each destination |
 * | `sym-block` | the same, drawn from a block of 2048 |
 * | `sym-addr` | `port` whose external port is another one for each address |
 * | `firewall` | a public address behind a stateful firewall |
 * | `cgnat` | `port` at home, behind `port` of the carrier |
 * | `cgnat-sym` | `port` at home, behind `sym-rand` of the carrier |
 * | `egress` | `port` that lets out TCP to ports 80 and 443 and UDP to port 53 |
 * | `lan` | `port`, shared by all peers of this type in one lab; no hairpinning |
 * | `hairpin` | the same with hairpinning |
 * | `lan2` | `lan` of two subnets, to which the peers belong in turn; routed inside |
 * | `pool` | `port` with two external addresses: one for each internal port and protocol |
 * | `pool-pair` | the same, one for each machine; shared by all peers of this type in one lab |
 * | `pool-sym` | the same, the other one for each destination |
 * | `dual` | `port`, and IPv6 behind a stateful firewall |
 * | `v6-firewall` | `sym-rand`, and IPv6 behind a stateful firewall |
 * | `v6-firewall-rst` | the same, an unasked SYN over IPv6 answered with RST |
 * | `dual-broken` | `port`, and an IPv6 address from which nothing gets anywhere |
 * | `upnp` | `port` that maps ports on request: UPnP IGD, NAT-PMP and PCP |
 * | `upnp-igd`, `upnp-natpmp`, `upnp-pcp` | the same, one protocol alone |
 * | `upnp-cgnat` | `upnp` at home, behind `port` of the carrier: the home router refuses |
 * | `upnp-squat` | the same with a carrier whose inner addresses look public: the home router maps, in vain |
 */
export const NAT_TYPES = {
  open: ({ wan }) => wan,
  fullcone: (site) => home(site, fullCone),
  addr: (site) => home(site, addressRestricted),
  port: (site) => home(site, () => portRestricted()),
  "port-rst": (site) => home(site, () => portRestricted({ refusal: "reset" })),
  "port-icmp": (site) => home(site, () => portRestricted({ refusal: "host-unreachable" })),
  "port-bare": (site) => home(site, unguarded),
  "port-noprsv": (site) => home(site, mapped(unrelated)),
  "sym-seq": (site) => home(site, mapped(sequential({ first: somePort(site) }))),
  "sym-seq2": (site) => home(site, mapped(sequential({ first: somePort(site), step: 2 }))),
  "sym-rand": (site) => home(site, mapped(ALL_PORTS)),
  "sym-block": (site) => home(site, mapped(someBlock(site))),
  "sym-addr": (site) => home(site, mapped(perAddress({ first: somePort(site), seed: site.number() }))),
  firewall: (site) =>
    new Firewall(site.plan, site.wan, { namespace: site.routerName(), rules: statefulFirewall() }),
  cgnat: (site) => home(site, () => portRestricted(), { uplink: carrier(site, () => portRestricted()) }),
  "cgnat-sym": (site) => home(site, () => portRestricted(), { uplink: carrier(site, mapped(ALL_PORTS)) }),
  egress: (site) => home(site, webOnly),
  lan: (site) => site.shared("lan", () => home(site, () => portRestricted())),
  hairpin: (site) => site.shared("hairpin", () => home(site, hairpinning)),
  pool: (site) => pool(site, "port"),
  "pool-pair": (site) => site.shared("pool-pair", () => pool(site, "machine")),
  "pool-sym": (site) => pool(site, "flow"),
  lan2: (site) =>
    site.shared("lan2", () => home(site, twoSubnets, { secondSubnet: homeSubnet(site.number()) })),
  dual: (site) => dual(site, () => portRestricted(), "drop"),
  "v6-firewall": (site) => dual(site, mapped(ALL_PORTS), "drop"),
  "v6-firewall-rst": (site) => dual(site, mapped(ALL_PORTS), "reset"),
  "dual-broken": (site) => dual(site, () => portRestricted(), "broken"),
  upnp: (site) => mapping(site, "upnp"),
  "upnp-igd": (site) => mapping(site, "upnp-igd"),
  "upnp-natpmp": (site) => mapping(site, "upnp-natpmp"),
  "upnp-pcp": (site) => mapping(site, "upnp-pcp"),
  "upnp-cgnat": (site) => mapping(site, "upnp-cgnat", carrier(site, () => portRestricted())),
  "upnp-squat": (site) =>
    mapping(site, "upnp-squat", carrier(site, () => portRestricted(), squattedSubnet(site.number()))),
} satisfies Record<string, (site: Site) => Uplink>;

/** A kind of network: a key of {@linkcode NAT_TYPES}. */
export type NatType = keyof typeof NAT_TYPES;

/** Whether `text` names a kind of network. */
export function isNatType(text: string): text is NatType {
  return Object.hasOwn(NAT_TYPES, text);
}

const ALL_PORTS = drawn({ first: 1024, last: 65_535 });

/** The rules of a port-restricted NAT that maps in a certain way. */
function mapped(mapping: PortMapping): () => string {
  return () => portRestricted({ mapping });
}

/** Where a router's ports begin: somewhere else at each. */
function somePort({ number }: Site): number {
  return 20_000 + (number() * 1013) % 20_000;
}

/** What a carrier gives to one customer: another block to each. */
function someBlock({ number }: Site): PortMapping {
  const first = 2048 * (1 + number() % 31);
  return drawn({ first, last: first + 2047 });
}

/** What a home's router has besides the usual. */
interface HomeOptions extends Pick<NatRouterOptions, "secondSubnet" | "ipv6"> {
  /** @default the WAN */
  readonly uplink?: Uplink;
}

function home(
  site: Site,
  rules: (inside: string) => string,
  { uplink = site.wan, ...more }: HomeOptions = {},
): Uplink {
  return new NatRouter(site.plan, uplink, {
    namespace: site.routerName(),
    subnet: homeSubnet(site.number()),
    rules,
    ...more,
  });
}

/** A home with IPv6. */
function dual(site: Site, rules: () => string, filter: Ipv6Filter): Uplink {
  return home(site, rules, { ipv6: { prefix: homePrefix(site.number()), filter } });
}

function pool(site: Site, by: Pooling): Uplink {
  return new NatRouter(site.plan, site.wan, {
    namespace: site.routerName(),
    subnet: homeSubnet(site.number()),
    second: site.wan.nextAddress(),
    rules: (_, outside) => portRestricted({ mapping: pooled(outside, by) }),
  });
}

/** A home router that maps ports on request, and in it a daemon of that kind. */
function mapping(site: Site, kind: string, uplink: Uplink = site.wan): Uplink {
  const [namespace, protocols] = [site.routerName(), MAPPING_ROUTERS[kind]!];
  const router = new NatRouter(site.plan, uplink, {
    namespace,
    subnet: homeSubnet(site.number()),
    rules: () => mappingRouter(protocols),
    ...(uplink instanceof Wan ? { address: uplink.nextPlainAddress() } : {}),
  });
  planMapper(site.plan, namespace, protocols);
  return router;
}

function carrier(site: Site, rules: () => string, subnet = carrierSubnet(site.number())): Uplink {
  return new NatRouter(site.plan, site.wan, { namespace: site.routerName(), subnet, rules });
}
