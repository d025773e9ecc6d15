/**
 * The lab in which the matrix is measured: a serving and a connecting machine in each kind of network, a DHT, and
 * observers.
 *
 * @module
 */
import { deadline } from "@std/async";
import { startDht } from "../lab/dht.ts";
import { Lab, type LabHost, NAT_TYPES, type NatType } from "../lab/mod.ts";
import { startNoise } from "../lab/noise.ts";
import { type Meeting, NoSession, type Serving, startServing, startSession } from "../session.ts";
import type { Cell, Conditions, Run } from "./_nat_cells.ts";

/** Public hosts with a serving peer, which sees connections from behind NATs and says where they come from. */
const OBSERVERS = 4;
/** One of them is where every network lets out to. */
const WEB_PORT = 443;
/** A serving peer that has not published by then has no network. */
const READY_MS = 60_000;
/**
 * Then another one serves. Nodes go on listing each announcement for up to 45 minutes, and name a hundred at random: at whom so many
 * have knocked sees the next one late.
 */
const SESSIONS_PER_SERVER = 40;

/** Where cells are run. */
export class NatStage implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #meeting: Meeting;
  readonly #stack: AsyncDisposableStack;
  readonly #places: Places;
  readonly #servers = new Map<NatType, Hosted>();
  #noise: AsyncDisposableStack | undefined;

  private constructor(lab: Lab, meeting: Meeting, stack: AsyncDisposableStack, places: Places) {
    this.#lab = lab;
    this.#meeting = meeting;
    this.#stack = stack;
    this.#places = places;
  }

  /** Makes the lab with both sides in each of `types`. */
  static async open(types: readonly NatType[]): Promise<NatStage> {
    await using stack = new AsyncDisposableStack();
    const lab = stack.use(await Lab.create());
    const { bootstrap } = stack.use(await startDht(lab, { dnsPort: true }));
    const hosts = lab.hosts.slice(0, OBSERVERS);
    const flags: string[] = [];
    const start = (serving: LabHost, i: number) =>
      startServing({ bootstrap, serving, flags: i === 0 ? ["--port", `${WEB_PORT}`] : [] });
    for (const observer of await Promise.all(hosts.map(start))) {
      const { port } = await stack.use(observer).event("ready");
      flags.push("--stun", `${hosts[flags.length / 2]!.address}:${port}`);
    }
    const ordered = inOrder(types);
    const peers = await lab.peers(...ordered, ...ordered);
    const places = (from: number) => new Map(ordered.map((type, i) => [type, peers[from + i]!]));
    const sides = { serving: places(0), connecting: places(ordered.length) };
    return new NatStage(lab, { bootstrap, flags }, stack.move(), sides);
  }

  /** Changes the network for runs to come; none may be under way. */
  async setConditions({ rttMs, loss, noise }: Conditions): Promise<void> {
    await this.#noise?.[Symbol.asyncDispose]();
    this.#noise = new AsyncDisposableStack();
    await this.#lab.reshape({ rttMs, loss });
    if (noise === 0) return;
    const peers = [...this.#places.serving.values(), ...this.#places.connecting.values()];
    for (const peer of peers.filter(({ routers, nat }) => routers.length > 0 && nat !== "firewall")) {
      this.#noise.use(await startNoise(this.#lab, peer, noise));
    }
  }

  /** Runs a cell once. */
  async run({ serving, connecting }: Cell): Promise<Run> {
    const server = await this.#server(serving);
    if (!server) return { outcome: "not-ready", overMs: READY_MS };
    try {
      const place = this.#places.connecting.get(connecting)!;
      await using session = await startSession(server, { ...this.#meeting, connecting: place });
      const { known, punch, strategy, kind, attempts } = session.timing;
      return { outcome: "connected", overMs: known, punchMs: punch, strategy, kind, attempts };
    } catch (error) {
      if (error instanceof NoSession) return { outcome: error.code, overMs: error.known, why: error.why };
      throw error;
    }
  }

  /** The serving peer in a kind of network, started when it is needed first. */
  async #server(type: NatType): Promise<Serving | undefined> {
    let hosted = this.#servers.get(type);
    if (hosted?.sessions === SESSIONS_PER_SERVER) {
      await hosted.server.then((server) => server[Symbol.asyncDispose](), () => {});
      hosted = undefined;
    }
    hosted ??= {
      server: startServing({ ...this.#meeting, serving: this.#places.serving.get(type)! })
        .then((server) => this.#stack.use(server)),
      sessions: 0,
    };
    this.#servers.set(type, hosted);
    hosted.sessions++;
    try {
      return await deadline(hosted.server, READY_MS);
    } catch {
      return undefined;
    }
  }

  /** Ends all processes and removes the lab. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#noise?.[Symbol.asyncDispose]();
    await this.#stack[Symbol.asyncDispose]();
  }
}

/** A serving peer, and how often somebody has gone to it. */
interface Hosted {
  readonly server: Promise<Serving>;
  sessions: number;
}

interface Places {
  readonly serving: LabPlaces;
  readonly connecting: LabPlaces;
}

type LabPlaces = ReadonlyMap<NatType, LabHost>;

/** The first peers have addresses of documentation, where routers map no port: those are not for `upnp`. */
function inOrder(types: readonly NatType[]): NatType[] {
  const wanted = (Object.keys(NAT_TYPES) as NatType[]).filter((type) => types.includes(type));
  const plain = wanted.filter((type) => !type.startsWith("upnp"));
  return [...plain, ...wanted.filter((type) => type.startsWith("upnp"))];
}
