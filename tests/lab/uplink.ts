/**
 * Where a machine can be plugged in: the WAN itself, or the inner side of a router. A router is plugged into an
 * uplink and is one, so they stack: a carrier's NAT is a router between the WAN and a home's router.
 *
 * @module
 */
import { FIREWALL_GATEWAY, FIRST_PLAIN_ADDRESS, peerAddress, WAN_GATEWAY } from "./addresses.ts";
import {
  type Ipv6Filter,
  ipv6Firewall,
  planIpv6Cable,
  planIpv6Host,
  planIpv6Machine,
  planIpv6Router,
  planIpv6Wan,
} from "./ipv6.ts";
import type { Device, Plan } from "./plan.ts";

/** What a machine has got by being plugged in. */
export interface Attachment {
  /** Its own address. */
  readonly address: string;
  /** The address under which the WAN sees it. */
  readonly publicAddress: string;
  /** All that its router has, where it has several. */
  readonly pool?: readonly string[];
  /** Its own IPv6 address, where it has one. */
  readonly ipv6?: string;
}

/** What lies behind whoever is plugged into the WAN. */
export interface Behind {
  /** Further addresses. */
  readonly addresses?: readonly string[];
  /** An IPv6 prefix. */
  readonly prefix?: string;
}

/** Something that a machine can be plugged into, once or several times. */
export interface Uplink {
  /** The namespaces of the routers from the WAN to here, outermost first. */
  readonly routers: readonly string[];
  /** Plans the cable, the address and the default route of `machine`. */
  attach(plan: Plan, machine: Device): Attachment;
}

/** The public side of everything: a namespace that sends each packet through the delay line. */
export class Wan implements Uplink {
  /** The WAN is no router: nothing lies in between. */
  readonly routers: readonly string[] = [];
  readonly #namespace: string;
  #ports = 0;
  #peers = 0;

  /** Describes a WAN in `namespace`; {@linkcode planWan} makes it. */
  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** Plugs a machine in under the next address of the peers' side. */
  attach(plan: Plan, machine: Device): Attachment {
    return this.attachAs(plan, machine, this.nextAddress());
  }

  /** Plugs a machine in under `address`, and leads what is behind it to it as well. */
  attachAs(
    plan: Plan,
    machine: Device,
    address: string,
    { addresses = [], prefix }: Behind = {},
  ): Attachment {
    const port = { namespace: this.#namespace, device: `port${this.#ports++}` };
    plan.link(port, machine);
    plan.ip(
      port.namespace,
      `link set ${port.device} up`,
      `route add ${address}/32 dev ${port.device}`,
      ...addresses.map((other) => `route add ${other}/32 via ${address} dev ${port.device} onlink`),
    );
    planPointToPoint(plan, machine, address);
    if (prefix !== undefined) planIpv6Cable(plan, port, machine, prefix);
    return { address, publicAddress: address };
  }

  /** Plugs a machine in that has an IPv6 address as well. */
  attachDual(plan: Plan, machine: Device, address: string, ipv6: string): Attachment {
    const attachment = this.attachAs(plan, machine, address, { prefix: `${ipv6}/128` });
    planIpv6Host(plan, machine, ipv6);
    return { ...attachment, ipv6 };
  }

  /** An address that nobody has yet. */
  nextAddress(): string {
    return peerAddress(this.#peers++);
  }

  /** The same, and none of a documentation block. */
  nextPlainAddress(): string {
    this.#peers = Math.max(this.#peers, FIRST_PLAIN_ADDRESS);
    return this.nextAddress();
  }
}

/** What a router is made of. */
export interface NatRouterOptions {
  readonly namespace: string;
  /** Inside, as three octets. */
  readonly subnet: string;
  /** The ruleset, for the first address of the LAN and all those on the uplink. */
  readonly rules: (inside: string, outside: readonly string[]) => string;
  /** A certain address on the WAN, which has to be the uplink. */
  readonly address?: string;
  /** A second address there. The machines of the LAN have the two in turn, as far as one can say so. */
  readonly second?: string;
  /** A second subnet, to which every other machine belongs. */
  readonly secondSubnet?: string;
  /** IPv6: the prefix inside, a /64, and whom the router lets in. Its uplink has to be the WAN. */
  readonly ipv6?: { readonly prefix: string; readonly filter: Ipv6Filter };
}

/** A router that translates its LAN to the address, or the two, that it has on its uplink. */
export class NatRouter implements Uplink {
  readonly routers: readonly string[];
  readonly #namespace: string;
  readonly #subnets: readonly string[];
  readonly #prefix: string | undefined;
  readonly #outside: readonly string[];
  #ports = 0;

  /** Plans the router. */
  constructor(plan: Plan, uplink: Uplink, options: NatRouterOptions) {
    const { namespace, subnet, rules, secondSubnet, ipv6 } = options;
    this.routers = [...uplink.routers, namespace];
    this.#namespace = namespace;
    this.#subnets = [subnet, ...(secondSubnet === undefined ? [] : [secondSubnet])];
    this.#prefix = ipv6?.prefix;
    plan.namespace(namespace, { forward: true });
    this.#outside = planOutside(plan, uplink, options);
    for (const [i, inside] of this.#subnets.entries()) {
      const lan = lanDevice(i);
      plan.ip(
        namespace,
        `link add ${lan} type bridge stp_state 0 forward_delay 0`,
        `addr add ${inside}.1/24 dev ${lan}`,
        `link set ${lan} up`,
      );
    }
    plan.nft(namespace, rules(`${subnet}.2`, this.#outside));
    if (!ipv6) return;
    plan.ipv6(namespace, { forward: true });
    planIpv6Router(plan, namespace, ipv6.prefix);
    plan.nft(namespace, ipv6Firewall(ipv6.filter));
  }

  /** Plugs a machine into the LAN. */
  attach(plan: Plan, machine: Device): Attachment {
    const publicAddress = this.#outside[this.#ports % this.#outside.length]!;
    const n = this.#ports++;
    const port = { namespace: this.#namespace, device: `port${n}` };
    const lan = n % this.#subnets.length;
    const subnet = this.#subnets[lan]!;
    const address = `${subnet}.${2 + Math.floor(n / this.#subnets.length)}`;
    plan.link(port, machine);
    plan.ip(port.namespace, `link set ${port.device} master ${lanDevice(lan)} up`);
    plan.ip(
      machine.namespace,
      `addr add ${address}/24 dev ${machine.device}`,
      `link set ${machine.device} up`,
      `route add default via ${subnet}.1`,
    );
    const seen = { address, publicAddress, ...(this.#outside.length > 1 ? { pool: this.#outside } : {}) };
    if (this.#prefix === undefined) return seen;
    return { ...seen, ipv6: planIpv6Machine(plan, machine, this.#prefix, 1 + n) };
  }
}

/** The inner device of a router for its `i`-th subnet. */
function lanDevice(i: number): string {
  return i === 0 ? "lan" : `lan${1 + i}`;
}

/** Plugs a router into its uplink; gives the addresses under which the WAN sees it. */
function planOutside(
  plan: Plan,
  uplink: Uplink,
  { namespace, address, second, ipv6 }: NatRouterOptions,
): readonly string[] {
  const device = { namespace, device: "wan" };
  if (address === undefined && second === undefined && ipv6 === undefined) {
    return [uplink.attach(plan, device).publicAddress];
  }
  if (!(uplink instanceof Wan)) throw new TypeError("Cannot choose addresses but on the WAN");
  const first = address ?? uplink.nextAddress();
  const more = second === undefined ? [] : [second];
  uplink.attachAs(plan, device, first, {
    addresses: more,
    ...(ipv6 ? { prefix: `${ipv6.prefix}::/64` } : {}),
  });
  plan.ip(namespace, ...more.map((other) => `addr add ${other}/32 dev wan`));
  return [first, ...more];
}

/** A router that translates nothing: the one machine behind it has a public address. */
export class Firewall implements Uplink {
  readonly routers: readonly string[];
  readonly #address: string;

  /** Plans the firewall in `namespace`. */
  constructor(plan: Plan, wan: Wan, { namespace, rules }: { namespace: string; rules: string }) {
    this.routers = [namespace];
    this.#address = wan.nextAddress();
    plan.namespace(namespace, { forward: true });
    wan.attachAs(plan, { namespace, device: "wan" }, wan.nextAddress(), { addresses: [this.#address] });
    plan.nft(namespace, rules);
  }

  /** Plugs the machine in; there is room for one. */
  attach(plan: Plan, machine: Device): Attachment {
    const namespace = this.routers[0]!;
    plan.link({ namespace, device: "lan" }, machine);
    plan.ip(
      namespace,
      `addr add ${FIREWALL_GATEWAY}/32 dev lan`,
      "link set lan up",
      `route add ${this.#address}/32 dev lan`,
    );
    planPointToPoint(plan, machine, this.#address, FIREWALL_GATEWAY);
    return { address: this.#address, publicAddress: this.#address };
  }
}

/** An address without a network around it: everything else is behind the gateway. */
function planPointToPoint(
  plan: Plan,
  { namespace, device }: Device,
  address: string,
  gateway: string = WAN_GATEWAY,
): void {
  plan.ip(
    namespace,
    `addr add ${address}/32 dev ${device}`,
    `link set ${device} up`,
    `route add default via ${gateway} dev ${device} onlink`,
  );
}

/** Plans the namespace of the WAN: everything in a port goes through the device `delay`, and then to its port. */
export function planWan(plan: Plan, namespace: string): void {
  plan.namespace(namespace, { forward: true });
  plan.ip(
    namespace,
    `addr add ${WAN_GATEWAY}/32 dev lo`,
    "tuntap add delay mode tun vnet_hdr",
    "link set delay txqueuelen 20000 up",
    "rule add pref 100 iif delay lookup main",
    "rule add pref 200 lookup 100",
    "route add default dev delay table 100",
    // Nobody answers for addresses that nobody has, private ones included.
    "route add blackhole default",
  );
  planIpv6Wan(plan, namespace);
}
