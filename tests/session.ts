/**
 * One whole conversation between a serving and a connecting process: what the demo shows, the lab tests check and the
 * benchmarks time.
 *
 * @module
 */
import { deadline } from "@std/async";
import { HERE, type Place, type SkipEvent, SkipProcess } from "./skip_process.ts";

/** Where both sides are, and where they meet. */
export interface Meeting {
  readonly bootstrap: string;
  /** For the command line of both. @default {[]} */
  readonly flags?: readonly string[];
  readonly serving?: Place;
  readonly connecting?: Place;
}

/** The address and the flags of both sides of a meeting. */
function networkFlags({ bootstrap, flags = [] }: Meeting): string[] {
  return ["--bootstrap", bootstrap, ...flags];
}

/** A serving process that can be found. */
export type Serving = SkipProcess & { readonly id: string };

/** Starts a serving process and waits until it can be found. */
export async function startServing(meeting: Meeting): Promise<Serving> {
  const args = ["serve", "--ephemeral", ...networkFlags(meeting)];
  const server = await SkipProcess.start(args, meeting.serving ?? HERE);
  try {
    const { id } = await server.event("ready");
    return Object.assign(server, { id });
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** What one connection took, in milliseconds. */
export interface Timing {
  /** From the start of the process to the open WebSocket. */
  readonly total: number;
  /** From the moment at which the connecting side knew the record to the open WebSocket. */
  readonly known: number;
  /** From the first dial to the proven path, on the connecting side. */
  readonly path: number;
  /**
   * From the moment at which both sides knew of each other, and of each other's NAT where that matters, to the open TCP
   * path. Where the serving side must first answer through its record, the answer's way is part of it.
   */
  readonly punch: number;
  /** Whether the path opened only after the serving side had heard the knock; else none was needed. */
  readonly knocked: boolean;
  /** What kind of candidate it came from. */
  readonly kind: string;
  /** How it was opened, in the words of the progress events. */
  readonly strategy: string;
  /** How often the connecting side began, with fresh ports. */
  readonly attempts: number;
}

/** A connecting process with an open WebSocket. */
export interface Session extends AsyncDisposable {
  readonly client: SkipProcess;
  readonly timing: Timing;
}

/** A connecting process that ended without a WebSocket. */
export class NoSession extends Error {
  /** What its last event says: a `PeerErrorCode`, or one of the command's own. */
  readonly code: string;
  /** From the moment at which it knew the record to that event; from the start of the process where it never did. */
  readonly known: number;
  /** In words, what its last event says. */
  readonly why: string;

  /** Describes how it ended. */
  constructor({ code, known, why, message }: { code: string; known: number; why: string; message: string }) {
    super(message);
    this.code = code;
    this.known = known;
    this.why = why;
  }
}

/** Starts a connecting process and waits until its WebSocket is open. Rejects with {@linkcode NoSession}. */
export async function startSession(server: Serving, meeting: Meeting): Promise<Session> {
  const [start, heard] = [performance.now(), server.events.length];
  const client = await SkipProcess.start(
    ["connect", server.id, ...networkFlags(meeting)],
    meeting.connecting ?? HERE,
  );
  const known = () => {
    const resolved = client.events.find((e) => e.type === "resolved");
    return resolved ? client.arrival(resolved) : start;
  };
  const open = await client.event("open").catch((error) => {
    const said = client.events.findLast((e) => e.type === "error");
    if (!said) throw error;
    const over = client.arrival(said) - known();
    throw new NoSession({ code: said.code, known: over, why: said.message, message: error.message });
  });
  const at = client.arrival(open);
  return {
    client,
    timing: {
      total: at - start,
      known: at - known(),
      ...timingOf(server, server.events.slice(heard), client),
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** What both sides said until the path was open, in terms of time. */
function timingOf(
  server: Serving,
  heard: readonly SkipEvent[],
  client: SkipProcess,
): Omit<Timing, "total" | "known"> {
  const path = client.events.find((e) => e.type === "path")!;
  const open = client.arrival(path) - path.rttMs; // the check took one round trip
  const before = (side: SkipProcess, events: readonly SkipEvent[]) =>
    events.filter((e) => side.arrival(e) < open);
  const own = before(client, client.events);
  const strategy: string = own.findLast((e) => e.type === "strategy")?.strategy ?? "plain";
  const knocks = before(server, heard.filter((e) => e.type === "knocked" && isFrom(client, e)));
  // Only a knock that names the NAT has the serving side open or guess ports, and it says so.
  const begun = before(server, heard).find((e) => e.type === "strategy" && e.strategy === strategy);
  const told = [own.find((e) => e.type === "candidates")!, begun ?? knocks[0]].filter((e) => e !== undefined);
  return {
    path: path.ms,
    punch: open - Math.max(...told.map((e) => (own.includes(e) ? client : server).arrival(e))),
    knocked: knocks.length > 0 || begun !== undefined,
    kind: path.kind,
    strategy,
    attempts: own.filter((e) => e.type === "candidates").length,
  };
}

/** Whether a knock came from a connecting process: from an address at which it says that it can be reached. */
function isFrom(client: SkipProcess, { from }: SkipEvent): boolean {
  const addresses: string[] = client.events.findLast((e) => e.type === "candidates")!.local.map(addressOf);
  return from.some((endpoint: string) => addresses.includes(addressOf(endpoint)));
}

/** `203.0.113.9` of `203.0.113.9:50712`, and `2001:db8::9` of `[2001:db8::9]:50712`. */
function addressOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":"));
}

/** Far more than TCP needs to repair any loss that these tests make. */
const ARRIVAL_MS = 30_000;

/** Sends messages both ways and waits for them; gives those that did not arrive. */
export async function converse(
  server: SkipProcess,
  client: SkipProcess,
  messages: readonly string[],
): Promise<string[]> {
  await client.event("message"); // the greeting: the serving side knows of us
  const arrivals: [side: SkipProcess, text: string][] = [];
  for (const text of messages) {
    const [question, answer] = [`to the server: ${text}`, `to the client: ${text}`];
    await client.send(question);
    await server.send(answer);
    arrivals.push([server, question], [client, question], [client, answer]); // the second is the echo
  }
  const settled = await Promise.allSettled(
    arrivals.map(([side, text]) => deadline(side.event("message", (e) => e.data === text), ARRIVAL_MS)),
  );
  return arrivals.flatMap(([, text], i) => settled[i]!.status === "fulfilled" ? [] : [text]);
}
