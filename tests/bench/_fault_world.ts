/**
 * Where faults are tried: a lab with a DHT, and in it a serving peer with an echo service, a `skip forward` to it, and
 * somebody who asks through that.
 *
 * @module
 */
import { Agent } from "../lab/agent.ts";
import { type LabDht, startDht } from "../lab/dht.ts";
import { Lab, type LabHost, type NatType } from "../lab/mod.ts";
import type { SmallDisk } from "../process_faults.ts";
import { NoSession, type Serving, startServing, startSession } from "../session.ts";
import { type Place, SkipProcess } from "../skip_process.ts";

/** Public hosts with a serving peer, which sees connections from behind NATs and says where they come from. */
const OBSERVERS = 2;
/** The host at whose node every peer begins: not the one that the others began at. */
export const BOOTSTRAP_HOST = 1;
/** Whoever is not through by then never will be. */
const PATIENCE_MS = 120_000;
/** Between questions to a peer that may be back at any moment. */
const ASK_INTERVAL_MS = 1000;
/** The port at which the echo service listens, in a machine of its own. */
const ECHO_PORT = 7007;

/** A lab with a DHT, for any number of worlds at a time. */
export class FaultStage implements AsyncDisposable {
  readonly lab: Lab;
  readonly dht: LabDht;
  /** For the command line of every peer. */
  readonly flags: readonly string[];
  readonly #stack: AsyncDisposableStack;

  private constructor(lab: Lab, dht: LabDht, flags: readonly string[], stack: AsyncDisposableStack) {
    this.lab = lab;
    this.dht = dht;
    this.flags = flags;
    this.#stack = stack;
  }

  /** Makes both, and observers. */
  static async open(options: { seed?: string; nodes?: number } = {}): Promise<FaultStage> {
    await using stack = new AsyncDisposableStack();
    const lab = stack.use(await Lab.create(options.seed === undefined ? {} : { seed: options.seed }));
    const dht = stack.use(await startDht(lab, { nodes: options.nodes ?? 16 }));
    const observers = lab.hosts.slice(0, OBSERVERS).map(async (host) => {
      const observer = stack.use(await startServing({ bootstrap: dht.bootstrap, serving: host }));
      return ["--stun", `${host.address}:${(await observer.event("ready")).port}`];
    });
    const stun = (await Promise.all(observers)).flat();
    return new FaultStage(lab, dht, ["--bootstrap", dht.places[BOOTSTRAP_HOST]!, ...stun], stack.move());
  }

  /** Ends all processes and removes the lab. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack[Symbol.asyncDispose]();
  }
}

/** How a `skip connect` came out. */
export interface Attempt {
  /** `connected`, or the code of the error. */
  readonly outcome: string;
  /** From the start of the process to the open WebSocket, or to the error. */
  readonly ms: number;
  /** What the error says. */
  readonly why?: string;
}

/** Two machines behind a NAT each, and what runs there. */
export class World implements AsyncDisposable {
  readonly stage: FaultStage;
  readonly serving: LabHost;
  readonly connecting: LabHost;
  readonly #stack: AsyncDisposableStack;
  readonly #asking: Agent;
  readonly #folder: string;
  #server: Serving | undefined;
  #chat: Serving | undefined;
  #forward: SkipProcess | undefined;
  #local: readonly [string, number] | undefined;

  private constructor(stage: FaultStage, [serving, connecting]: LabHost[], parts: {
    stack: AsyncDisposableStack;
    asking: Agent;
    folder: string;
  }) {
    this.stage = stage;
    this.serving = serving!;
    this.connecting = connecting!;
    this.#stack = parts.stack;
    this.#asking = parts.asking;
    this.#folder = parts.folder;
  }

  /** Makes the machines and the echo service; no peer runs yet. */
  static async create(
    stage: FaultStage,
    types: readonly [NatType, NatType] = ["port", "port"],
  ): Promise<World> {
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "skip-fault-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const hosts = await stage.lab.pair(...types);
    const echo = stack.use(new Agent(hosts[0]));
    const asking = stack.use(new Agent(hosts[1]));
    await echo.call("listen", { port: ECHO_PORT });
    await echo.call("echoAll", { port: ECHO_PORT });
    return new World(stage, hosts, { stack: stack.move(), asking, folder });
  }

  /** The peer that serves the echo service now. */
  get server(): Serving {
    return this.#server!;
  }

  /** The peer that serves the chat now, for those who connect. */
  get chat(): Serving {
    return this.#chat!;
  }

  /** The `skip forward` that runs now. */
  get forward(): SkipProcess {
    return this.#forward!;
  }

  /** Serves the echo service, with the same id each time, once it can be found. */
  async serve(place?: Place): Promise<Serving> {
    return this.#server = await this.#ready(await this.#start("echo", place));
  }

  /** Starts to serve the chat, with the same id each time; does not wait until it can be found. */
  startChat(place?: Place): Promise<SkipProcess> {
    return this.#start("chat", place);
  }

  /** The same once it can be found. */
  async serveChat(place?: Place): Promise<Serving> {
    return this.#chat = await this.#ready(await this.startChat(place));
  }

  async #start(what: "echo" | "chat", place: Place = this.serving): Promise<SkipProcess> {
    const target = what === "echo" ? [`tcp:127.0.0.1:${ECHO_PORT}`] : [];
    const args = ["serve", ...target, "--identity", `${this.#folder}/${what}.pem`, ...this.stage.flags];
    return this.#stack.use(await SkipProcess.start(args, place));
  }

  async #ready(server: SkipProcess): Promise<Serving> {
    const { id } = await server.event("ready");
    return Object.assign(server, { id });
  }

  /** Brings the echo service to the connecting side, at the same port each time. */
  async startForward(place: Place = this.connecting): Promise<SkipProcess> {
    const port = this.#local ? [`${this.#local[1]}`] : [];
    const args = ["forward", this.server.id, ...port, ...this.stage.flags];
    this.#forward = this.#stack.use(await SkipProcess.start(args, place));
    const { address } = await this.#forward.event("listening");
    this.#local = ["127.0.0.1", Number(address.split(":")[1])];
    return this.#forward;
  }

  /** Both, and a connection through them on which something is said all the time. */
  async startAll(): Promise<Stream> {
    await this.serve();
    await this.startForward();
    return await this.openStream();
  }

  /** A connection through `skip forward` on which something is said all the time. */
  async openStream(): Promise<Stream> {
    await this.untilAnswered();
    const { stream } = await this.#asking.call("stream", { to: this.#local! });
    return () => this.#asking.call("streamed", { stream });
  }

  /** One question through `skip forward`: milliseconds, or what went wrong. */
  async ask(timeoutMs = 10_000): Promise<number | string> {
    const { ms, outcome } = await this.#asking.call("ask", { to: this.#local!, timeoutMs });
    return ms ?? outcome!;
  }

  /** Asks until there is an answer; gives how long that took. Rejects if there is none for two minutes. */
  async untilAnswered(): Promise<number> {
    const around = { to: this.#local!, intervalMs: ASK_INTERVAL_MS, timeoutMs: PATIENCE_MS };
    const { ms } = await this.#asking.call("askUntilAnswered", around);
    if (ms === undefined) throw new Error(`no answer for ${PATIENCE_MS} ms: ${this.#said()}`);
    return ms;
  }

  /** A new `skip connect` to the chat, to its end or the open WebSocket. */
  async connect(place: Place = this.connecting): Promise<Attempt> {
    const start = performance.now();
    try {
      const meeting = { bootstrap: this.stage.dht.places[BOOTSTRAP_HOST]!, flags: this.stage.flags.slice(2) };
      await using _ = await startSession(this.chat, { ...meeting, connecting: place });
      return { outcome: "connected", ms: performance.now() - start };
    } catch (error) {
      if (!(error instanceof NoSession)) throw error;
      return { outcome: error.code, ms: performance.now() - start, why: error.why };
    }
  }

  /** Tries again until it connects; gives how long that took. Rejects if it does not for two minutes. */
  async untilConnects(place?: Place): Promise<number> {
    const start = performance.now();
    const outcomes: string[] = [];
    while (performance.now() - start < PATIENCE_MS) {
      const { outcome } = await this.connect(place);
      if (outcome === "connected") return performance.now() - start;
      outcomes.push(outcome);
    }
    throw new Error(`no connection for ${PATIENCE_MS} ms: ${outcomes}, ${this.#said()}`);
  }

  /** A `skip serve` that has to make its key file; gives what its user sees. */
  async beginWithoutKey({ place }: SmallDisk): Promise<string[]> {
    const server = this.#stack.use(await SkipProcess.start(["serve", ...this.stage.flags], place));
    const over = await Promise.race([server.event("ready"), server.event("error")]);
    return over.type === "ready" ? [] : [`\`serve\` without a key file: \`${over.code}\``];
  }

  /** Starts a `skip connect` to be interrupted. */
  async beginConnect(): Promise<SkipProcess> {
    const args = ["connect", this.chat.id, ...this.stage.flags];
    return this.#stack.use(await SkipProcess.start(args, this.connecting));
  }

  #said(): string {
    return JSON.stringify({
      server: (this.#server ?? this.#chat)?.events.slice(-20),
      forward: this.#forward?.events.slice(-20),
    });
  }

  /** Ends whatever runs. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack[Symbol.asyncDispose]();
  }
}

/** How it stands with a connection on which something is said all the time. */
export type Stream = () => Promise<{ longestMs: number; silentMs: number; outcome?: string }>;
