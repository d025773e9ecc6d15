import { hostAddress } from "./addresses.ts";
import { DelayLine, type WanShape } from "./delay_line.ts";
import { LabHost } from "./host.ts";
import { hostIpv6 } from "./ipv6.ts";
import { NAT_TYPES, type NatType, type Site } from "./nat.ts";
import { Plan } from "./plan.ts";
import { newPrefix, orphanedPrefixes, removalScript } from "./prefix.ts";
import { runScript } from "./shell.ts";
import { NatRouter, planWan, type Uplink, Wan } from "./uplink.ts";

/** Options of {@linkcode Lab.create}. */
export interface LabOptions extends Partial<WanShape> {
  /**
   * How many public hosts there are.
   *
   * @default {8}
   */
  readonly hosts?: number;
  /**
   * Decides which packets get lost: the n-th packet from one address to another shares its fate in all labs
   * of one seed.
   *
   * @default {"skip"}
   */
  readonly seed?: string;
}

const DEFAULT_SHAPE: WanShape = { rttMs: 50, loss: 0, reorder: 0 };

/** A small Internet on this machine; everything in it is gone when it is closed. */
export class Lab implements AsyncDisposable {
  /** What all names of this lab's namespaces begin with. */
  readonly prefix: string;
  /** The public hosts, in distinct /16s. */
  readonly hosts: readonly LabHost[];
  readonly #wan: Wan;
  readonly #delayLine: DelayLine;
  readonly #shared = new Map<string, Uplink>();
  readonly #uplinks = new WeakMap<LabHost, Uplink>();
  #shape: WanShape;
  #routers = 0;
  #peers = 0;
  #subnets = 0;
  #building: Promise<void> = Promise.resolve();

  private constructor(
    parts: { prefix: string; hosts: readonly LabHost[]; wan: Wan; delayLine: DelayLine; shape: WanShape },
  ) {
    this.prefix = parts.prefix;
    this.hosts = parts.hosts;
    this.#wan = parts.wan;
    this.#delayLine = parts.delayLine;
    this.#shape = parts.shape;
  }

  /** Makes the WAN and its public hosts, and removes what killed processes have left of theirs. */
  static async create(options: LabOptions = {}): Promise<Lab> {
    await removeOrphans();
    const prefix = newPrefix();
    const { rttMs, loss, reorder } = { ...DEFAULT_SHAPE, ...options };
    const shape: WanShape = { rttMs, loss, reorder };
    const wan = new Wan(`${prefix}-wan`);
    const plan = new Plan();
    planWan(plan, `${prefix}-wan`);
    const hosts = Array.from({ length: options.hosts ?? 8 }, (_, n) => planHost(plan, wan, prefix, n));
    await build(plan, prefix);
    const delayLine = new DelayLine({
      prefix,
      namespace: `${prefix}-wan`,
      device: "delay",
      seed: options.seed ?? "skip",
    });
    try {
      await delayLine.apply(shape);
    } catch (error) {
      await delayLine.close();
      throw error;
    }
    return new Lab({ prefix, hosts, wan, delayLine, shape });
  }

  /** The WAN's present delay and loss. */
  get shape(): WanShape {
    return this.#shape;
  }

  /** Changes the WAN's delay, loss or order for packets to come; a loss of 1 cuts every cable. */
  async reshape(shape: Partial<WanShape>): Promise<void> {
    this.#shape = { ...this.#shape, ...shape };
    await this.#delayLine.apply(this.#shape);
  }

  /** A new peer in a network of its own, or in the lab's one `lan`. */
  async peer(type: NatType): Promise<LabHost> {
    const [peer] = await this.peers(type);
    return peer!;
  }

  /** Two new peers. */
  async pair(a: NatType, b: NatType): Promise<[LabHost, LabHost]> {
    const [first, second] = await this.peers(a, b);
    return [first!, second!];
  }

  /** Any number of new peers, made in one go. */
  peers(...types: NatType[]): Promise<LabHost[]> {
    return this.#add((site) => types.map((type) => this.#planPeer(site.plan, type, NAT_TYPES[type](site))));
  }

  /** A further machine behind the innermost router of `peer`. */
  async neighbour(peer: LabHost): Promise<LabHost> {
    const uplink = this.#uplinks.get(peer);
    if (!(uplink instanceof NatRouter)) {
      throw new RangeError(`Cannot add a neighbour: there is no LAN, the peer is of type "${peer.nat}"`);
    }
    const [neighbour] = await this.#add(({ plan }) => [this.#planPeer(plan, peer.nat, uplink)]);
    return neighbour!;
  }

  async #add(planPeers: (site: Site) => LabHost[]): Promise<LabHost[]> {
    const plan = new Plan();
    const peers = planPeers({
      plan,
      wan: this.#wan,
      routerName: () => `${this.prefix}-r${this.#routers++}`,
      number: () => this.#subnets++,
      shared: (key, make) => this.#shared.get(key) ?? this.#share(key, make()),
    });
    // One after the other, as a plan may build on the one before.
    const building = this.#building.then(() => runScript("add peers to the lab", plan.script()));
    this.#building = building.catch(() => {});
    await building;
    return peers;
  }

  #share(key: string, uplink: Uplink): Uplink {
    this.#shared.set(key, uplink);
    return uplink;
  }

  #planPeer(plan: Plan, type: NatType, uplink: Uplink): LabHost {
    const namespace = `${this.prefix}-p${this.#peers++}`;
    plan.namespace(namespace);
    const peer = new LabHost(
      namespace,
      type,
      uplink.routers,
      uplink.attach(plan, { namespace, device: "eth0" }),
    );
    this.#uplinks.set(peer, uplink);
    return peer;
  }

  /** Ends every process in the lab and removes everything it has made. Idempotent. */
  async close(): Promise<void> {
    await this.#building;
    await this.#delayLine.close();
  }

  /** The same as {@linkcode Lab.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Removes what processes have left that were killed together with their delay line. */
async function removeOrphans(): Promise<void> {
  for (const prefix of await orphanedPrefixes()) {
    await runScript("remove an orphaned lab", removalScript(prefix));
  }
}

function planHost(plan: Plan, wan: Wan, prefix: string, n: number): LabHost {
  const namespace = `${prefix}-h${n}`;
  plan.namespace(namespace);
  const attachment = wan.attachDual(plan, { namespace, device: "eth0" }, hostAddress(n), hostIpv6(n));
  return new LabHost(namespace, "open", [], attachment);
}

async function build(plan: Plan, prefix: string): Promise<void> {
  try {
    await runScript("make the lab", plan.script());
  } catch (error) {
    await runScript("remove the lab", removalScript(prefix));
    throw error;
  }
}
