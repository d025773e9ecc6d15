import { delay } from "@std/async";
import type { Candidate, Endpoint } from "./endpoint.ts";
import type { Nat } from "./nat.ts";
import { dialPorts, type Outlook, type PunchPort } from "./punch/mod.ts";
import { openSparePorts } from "./_spare_ports.ts";
import { bracket, meetInSequence, type TacticOptions, volley } from "./_tactics.ts";

/** What {@linkcode startTactic} works with. */
export interface ConnectingTactic extends TacticOptions {
  readonly outlook: Outlook;
  readonly port: PunchPort;
  readonly own: Nat;
  /** The serving peer's. */
  readonly peer: Nat;
  /** Tells from which external ports the serving peer dials us, each time that it says so, until it is over. */
  readonly watchPorts: (onPorts: (ports: readonly number[]) => void) => Promise<void>;
  /** Where the serving peer is seen. */
  readonly remote: Endpoint;
  /** Observers. */
  readonly servers: readonly Endpoint[];
  /** Our address as the network sees it. */
  readonly publicAddress?: string;
  /** How long a volley waits, where plain dials have got through before. @default {0} */
  readonly headStartMs?: number;
}

/** A tactic under way. */
export interface RunningTactic {
  /** Our external ports, to be told in the knock; empty where the strategy needs none. */
  readonly ports: Promise<readonly number[]>;
  /** Where else than at our port we await the peer, to be told in the knock. */
  readonly candidates?: Promise<readonly Candidate[]>;
  /** Settles when it is over. Never rejects. */
  readonly done: Promise<unknown>;
}

/** Where a dial from our port to theirs could only by chance be right: what the connecting peer does beside it. */
export function startTactic(tactic: ConnectingTactic): RunningTactic {
  const { outlook: { strategy, role }, headStartMs = 0, own, publicAddress, remote, signal } = tactic;
  const none = Promise.resolve([]);
  if (
    strategy === "plain" && publicAddress && own.mapping === "preserving" && own.filtering !== "independent"
  ) {
    const candidates = openSparePorts({ ...tactic, publicAddress }).catch(() => []);
    return { ports: none, candidates, done: candidates };
  }
  if (strategy === "sweep" || strategy === "birthday") {
    const begin = () => volley(tactic, tactic);
    return { ports: none, done: delay(headStartMs, { signal }).then(begin, () => {}) };
  }
  if (strategy !== "prediction") return { ports: none, done: none };
  if (role !== "opens") return { ports: none, done: awaitAnswer(tactic) };
  if (!own.sequence) return { ports: none, done: none };
  const ports = bracket({ ...tactic, sequence: own.sequence, remotes: [remote, remote], ahead: true }).catch(
    () => [],
  );
  return { ports, done: ports };
}

/** The serving peer's NAT allots in sequence: it dials us, sees from which ports, and says so. */
async function awaitAnswer(tactic: ConnectingTactic): Promise<void> {
  const { outlook: { role }, own, port, remote, watchPorts } = tactic;
  const dials = new Set<Promise<unknown>>();
  await watchPorts((ports) => {
    const remotes = ports.map((p) => ({ hostname: remote.hostname, port: p }));
    dials.add(
      role === "both" && own.sequence
        ? meetInSequence({ ...tactic, told: own.sequence, remotes }).catch(() => {})
        : dialPorts(port, remote.hostname, ports, tactic),
    );
  });
  await Promise.all(dials);
}
