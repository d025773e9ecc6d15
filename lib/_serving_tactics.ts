import type { Gate } from "./_gate.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import type { Nat } from "./nat.ts";
import { dialPorts, type Outlook, portsAhead, PUNCH_WINDOW_MS, type PunchPort } from "./punch/mod.ts";
import { aborted, bracket, MAX_TOLD_PORTS, type TacticOptions, volley } from "./_tactics.ts";

/** Volleys hold hundreds of descriptors each. */
const MAX_TACTICS = 4;
/** Dials towards ports to come, where both NATs allot in sequence: some will have been given to others. */
const DIALS_AHEAD = 8;

/** What {@linkcode ServingTactics} work with. */
export interface ServingTacticsOptions {
  readonly port: PunchPort;
  readonly gate: Pick<Gate, "admit" | "onPath">;
  /** Observers of our NAT. */
  readonly servers: () => Promise<readonly Endpoint[]>;
  /** Publishes the external ports from which we dial whoever knocked, where the knock says no other way. */
  readonly answer: (ports: readonly number[]) => void;
}

/** A knock of somebody at a verified address, with whom plain dials would meet by chance alone. */
export interface TacticKnock {
  readonly outlook: Outlook;
  readonly own: Nat;
  readonly peer: Nat;
  /** Where the connecting peer is seen; of one whose port nobody knows, the address. */
  readonly remote: Endpoint;
  /** Its external ports, where it told them. */
  readonly ports?: readonly number[];
  /** Tells it ours, where it can be told directly. */
  readonly answer?: (ports: readonly number[]) => void;
}

/** What a serving peer does for NATs that give each connection another port. */
export class ServingTactics implements AsyncDisposable {
  readonly #options: ServingTacticsOptions;
  readonly #running = new Map<string, { readonly over: AbortController; readonly done: Promise<void> }>();
  #isClosed = false;

  constructor(options: ServingTacticsOptions) {
    this.#options = options;
  }

  /** Begins, unless it is under way for that endpoint, or too much is. This never throws. */
  start(knock: TacticKnock): void {
    // A peer whose own ports are hard to know may announce itself first, and say so a moment later.
    const key = `${formatEndpoint(knock.remote)} ${knock.outlook.role}`;
    if (this.#isClosed || this.#running.has(key) || this.#running.size >= MAX_TACTICS) return;
    const over = new AbortController();
    const done = this.#run(knock, over).catch(() => {}).finally(() => this.#running.delete(key));
    this.#running.set(key, { over, done });
  }

  /** Until the window ends, a path from that address is in use, or it is closed. */
  async #run(knock: TacticKnock, over: AbortController): Promise<void> {
    const { gate } = this.#options;
    const { signal } = over;
    const timer = setTimeout(() => over.abort(), PUNCH_WINDOW_MS);
    const stopWaiting = gate.onPath(knock.remote.hostname, () => over.abort());
    try {
      await this.#act(knock, { signal, onStream: (stream) => gate.admit(stream, true) });
      await aborted(signal); // the dials of a bracket go on by themselves
    } finally {
      clearTimeout(timer);
      stopWaiting();
    }
  }

  async #act(knock: TacticKnock, options: TacticOptions): Promise<void> {
    const { outlook: { strategy, role }, own, peer, ports, remote } = knock;
    const { port, servers } = this.#options;
    if (strategy !== "prediction") return await volley({ ...knock, port }, options);
    const next = peer.sequence ? portsAhead(peer.sequence, MAX_TOLD_PORTS) : [];
    if (role === "guesses") return await dialPorts(port, remote.hostname, ports ?? next, options);
    if (!own.sequence) return;
    const remotes = role === "both"
      ? next.slice(0, DIALS_AHEAD).map((port) => ({ hostname: remote.hostname, port }))
      : [remote, remote];
    const ahead = role !== "both";
    const answer = knock.answer ?? this.#options.answer;
    answer(await bracket({ ...options, ahead, remotes, sequence: own.sequence, servers: await servers() }));
  }

  /** Ends what is under way. */
  async [Symbol.asyncDispose]() {
    this.#isClosed = true;
    const running = [...this.#running.values()];
    for (const { over } of running) over.abort();
    await Promise.all(running.map(({ done }) => done));
  }
}
