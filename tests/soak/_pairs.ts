/**
 * Random pairs of networks that can connect: a serving peer is started in one, some connect from the other while something
 * goes wrong, and it ends.
 *
 * @module
 */
import { deadline, delay } from "@std/async";
import type { FaultStage } from "../bench/_fault_world.ts";
import { forgetConnections, unplug } from "../lab/faults.ts";
import { expectation } from "../lab/expectation.ts";
import { type LabHost, NAT_TYPES, type NatType } from "../lab/mod.ts";
import { converse, NoSession, type Serving, startSession } from "../session.ts";
import { SkipProcess } from "../skip_process.ts";
import type { SoakLog } from "./_log.ts";
import type { Dice } from "./_random.ts";
import type { Weather } from "./_weather.ts";

/** One that has not published by then has no network. */
const READY_MS = 60_000;
/** `skip connect` gives up before. */
const CONNECT_MS = 45_000;

/** A machine of each kind of network on each side; each is used by one pair at a time. */
export class Places {
  readonly #serving: ReadonlyMap<NatType, LabHost>;
  readonly #connecting: ReadonlyMap<NatType, LabHost>;
  readonly #taken = new Set<LabHost>();

  private constructor(serving: ReadonlyMap<NatType, LabHost>, connecting: ReadonlyMap<NatType, LabHost>) {
    this.#serving = serving;
    this.#connecting = connecting;
  }

  /** Makes them: all that reach the DHT's ports. Routers that map ports come last, as those of documentation do not. */
  static async create({ lab }: FaultStage): Promise<Places> {
    const all = (Object.keys(NAT_TYPES) as NatType[]).filter((type) => type !== "egress");
    const types = [...all.filter((t) => !t.startsWith("upnp")), ...all.filter((t) => t.startsWith("upnp"))];
    const peers = await lab.peers(...types, ...types);
    const side = (from: number) => new Map(types.map((type, i) => [type, peers[from + i]!]));
    return new Places(side(0), side(types.length));
  }

  /** Two machines that can connect for certain, and that nobody uses; to be given back. */
  take(dice: Dice): { serving: LabHost; connecting: LabHost } & Disposable {
    for (;;) {
      const [a, b] = [dice.of([...this.#serving.keys()]), dice.of([...this.#connecting.keys()])];
      const [serving, connecting] = [this.#serving.get(a)!, this.#connecting.get(b)!];
      if (expectation(a, b).connects !== true || [serving, connecting].some((one) => this.#taken.has(one))) {
        continue;
      }
      this.#taken.add(serving).add(connecting);
      const giveBack = () => [serving, connecting].forEach((one) => this.#taken.delete(one));
      return { serving, connecting, [Symbol.dispose]: giveBack };
    }
  }
}

/** What happens while somebody connects. */
type Meanwhile =
  | "nothing"
  | "serving NAT forgets"
  | "connecting NAT forgets"
  | "unplugged"
  | "suspended"
  | "connect killed"
  | "serve killed";
const MEANWHILE: readonly Meanwhile[] = [
  ...Array<Meanwhile>(5).fill("nothing"),
  "serving NAT forgets",
  "connecting NAT forgets",
  "unplugged",
  "suspended",
  "connect killed",
  "serve killed",
];
const AWAY_MS = 1000;
const SUSPENDED_MS = 4000;

/** What a worker works with. */
export interface PairsOptions {
  readonly stage: FaultStage;
  readonly places: Places;
  readonly log: SoakLog;
  readonly dice: Dice;
  readonly signal: AbortSignal;
  /** What goes wrong for all. */
  readonly weather: Weather;
}

/** One pair after the other until it is over. */
export async function runPairs(options: PairsOptions): Promise<void> {
  while (!options.signal.aborted) {
    const { dice, log, signal } = options;
    let since = performance.now();
    try {
      await using pair = await Pair.start(options);
      for (let n = dice.between(1, 4); n > 0 && !signal.aborted; n--) {
        since = performance.now();
        await pair.connect();
      }
    } catch (error) {
      log.fail({ what: "a pair", came: String(error).slice(0, 4000), since });
    }
  }
}

class Pair implements AsyncDisposable {
  readonly #options: PairsOptions;
  readonly #stack: AsyncDisposableStack;
  readonly #serving: LabHost;
  readonly #connecting: LabHost;
  readonly #keyFile: string;
  #server: Serving | undefined;

  private constructor(
    options: PairsOptions,
    stack: AsyncDisposableStack,
    keyFile: string,
    hosts: readonly LabHost[],
  ) {
    this.#options = options;
    this.#stack = stack;
    this.#keyFile = keyFile;
    [this.#serving, this.#connecting] = hosts as [LabHost, LabHost];
  }

  static async start(options: PairsOptions): Promise<Pair> {
    await using stack = new AsyncDisposableStack();
    const { serving, connecting } = stack.use(options.places.take(options.dice));
    const folder = await Deno.makeTempDir({ prefix: "skip-soak-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const pair = new Pair(options, stack.move(), `${folder}/identity.pem`, [serving, connecting]);
    try {
      await pair.#serve();
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
    return pair;
  }

  async #serve(): Promise<void> {
    const { log, stage } = this.#options;
    log.starts.attempted++;
    const args = ["serve", "--identity", this.#keyFile, ...stage.flags];
    const server = this.#stack.use(await SkipProcess.start(args, this.#serving));
    try {
      const { id } = await deadline(server.event("ready"), READY_MS);
      this.#server = Object.assign(server, { id });
    } catch (cause) {
      throw new Error(`${this.#names()}: no record: ${JSON.stringify(server.events)}`, { cause });
    }
    log.starts.succeeded++;
  }

  /** Somebody connects while something happens. What had to work and did not is tried once more. */
  async connect(): Promise<void> {
    const { dice } = this.#options;
    const meanwhile = this.#allowed(dice.of(MEANWHILE));
    if (meanwhile === "connect killed" || meanwhile === "serve killed") return await this.#kill(meanwhile);
    await this.#attemptTwice(meanwhile);
  }

  /**
   * Somebody connects; if that fails, somebody else does, undisturbed. That packets get lost excuses who does not get in even
   * then.
   *
   * @param what What happens meanwhile, or has happened just before.
   */
  async #attemptTwice(meanwhile: Meanwhile, what: string = meanwhile): Promise<void> {
    const { log, weather: { mild, rough } } = this.#options;
    const since = performance.now();
    const first = await this.#attempt(meanwhile);
    const troubles = [...rough.since(since), ...mild.since(since)];
    const fault = [what, ...troubles].filter((words) => words !== "nothing").join(", ");
    log.connect(fault || "nothing", first === undefined);
    if (first === undefined) return;
    const failure = { what: this.#names() + (fault ? ` (${fault})` : ""), since };
    const sinceSecond = performance.now();
    const second = await this.#attempt("nothing");
    if (second === undefined) return log.retry({ ...failure, came: first.came });
    const said = { first, second, server: this.#server!.events.slice(-30) };
    const came = `${first.came}; again: ${second.came}`;
    log.fail({ ...failure, came, explained: rough.since(sinceSecond), said });
  }

  /** An interface that goes down loses its IPv6 addresses, which nobody gives it again here. */
  #allowed(meanwhile: Meanwhile): Meanwhile {
    return meanwhile === "unplugged" && this.#connecting.ipv6 !== undefined ? "nothing" : meanwhile;
  }

  /** Whatever comes of it; the next one has to get in. */
  async #kill(which: "connect killed" | "serve killed"): Promise<void> {
    const { dice, stage } = this.#options;
    const args = ["connect", this.#server!.id, ...stage.flags];
    const client = this.#stack.use(await SkipProcess.start(args, this.#connecting));
    await client.event(dice.of(["online", "resolved", "strategy", "path"])).catch(() => {});
    const killed = which === "serve killed" ? this.#server! : client;
    killed.kill("SIGKILL");
    await killed.ended;
    if (which === "serve killed") await this.#serve();
    await client.stop();
    await this.#attemptTwice("nothing", `after: ${which}`);
  }

  async #attempt(meanwhile: Meanwhile): Promise<{ came: string; client?: unknown } | undefined> {
    const { stage } = this.#options;
    const meeting = { bootstrap: stage.flags[1]!, flags: stage.flags.slice(2), connecting: this.#connecting };
    const disturbing = this.#disturb(meanwhile);
    try {
      const session = await startSession(this.#server!, meeting);
      await using client = session;
      const lost = await deadline(converse(this.#server!, client.client, ["hello"]), CONNECT_MS);
      return lost.length === 0 ? undefined : { came: `lost: ${lost}`, client: client.client.events };
    } catch (error) {
      if (error instanceof NoSession) {
        return { came: `${error.code}: ${error.why}`, client: error.message.slice(0, 6000) };
      }
      return { came: String(error).slice(0, 6000) };
    } finally {
      await disturbing;
    }
  }

  /** Begins when the connecting side is about to dial, more or less. */
  async #disturb(meanwhile: Meanwhile): Promise<void> {
    if (meanwhile === "nothing") return;
    await delay(this.#options.dice.between(500, 1200));
    switch (meanwhile) {
      case "serving NAT forgets":
        return await forgetConnections(this.#serving);
      case "connecting NAT forgets":
        return await forgetConnections(this.#connecting);
      case "unplugged": {
        const plugIn = await unplug(this.#connecting);
        await delay(AWAY_MS);
        return await plugIn();
      }
      case "suspended":
        this.#server!.kill("SIGSTOP");
        await delay(SUSPENDED_MS);
        return this.#server!.kill("SIGCONT");
    }
  }

  #names(): string {
    return `${this.#serving.nat} – ${this.#connecting.nat}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#options.dice.between(0, 1) === 0) this.#server?.kill("SIGKILL");
    await this.#stack[Symbol.asyncDispose]();
  }
}
