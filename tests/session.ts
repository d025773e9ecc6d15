/**
 * One whole conversation between a serving and a connecting process: what the demo shows, the lab tests check and the
 * benchmarks time.
 *
 * @module
 */
import { deadline } from "@std/async";
import { HERE, type Place, SkipProcess } from "./skip_process.ts";

/** Where both sides are, and where they meet. */
export interface Meeting {
  readonly bootstrap: string;
  readonly serving?: Place;
  readonly connecting?: Place;
}

/** A serving process that can be found. */
export async function startServing(
  { bootstrap, serving = HERE }: Meeting,
): Promise<SkipProcess & { id: string }> {
  const server = await SkipProcess.start(["serve", "--ephemeral", "--bootstrap", bootstrap], serving);
  const { id } = await server.event("ready");
  return Object.assign(server, { id });
}

/** What one connection took, in milliseconds. */
export interface Timing {
  /** From the start of the process to the open WebSocket. */
  readonly total: number;
  /** From the first dial to the proven path, on the connecting side. */
  readonly path: number;
  /** From the moment at which the serving side heard the knock to the proven path; absent where none was needed. */
  readonly punch?: number;
  readonly kind: string;
}

/** A connecting process with an open WebSocket. */
export interface Session extends AsyncDisposable {
  readonly client: SkipProcess;
  readonly timing: Timing;
}

/** Starts a connecting process and waits until its WebSocket is open. */
export async function startSession(server: SkipProcess & { id: string }, meeting: Meeting): Promise<Session> {
  const start = performance.now();
  const args = ["connect", server.id, "--bootstrap", meeting.bootstrap];
  const client = await SkipProcess.start(args, meeting.connecting);
  const knock: { at?: number } = {};
  const knocked = server.event("knocked", ({ from }) => endpointsOf(client).some((e) => from.includes(e)));
  knocked.then(() => knock.at = performance.now(), () => {}); // where no punch is needed it comes too late, or never
  const path = await client.event("path");
  const punch = knock.at === undefined ? undefined : performance.now() - knock.at - path.rttMs;
  await client.event("open");
  const total = performance.now() - start;
  return {
    client,
    timing: {
      total,
      path: path.ms,
      kind: path.kind,
      ...(punch === undefined ? {} : { punch }),
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** Where a connecting process says that it can be reached. */
function endpointsOf(client: SkipProcess): readonly string[] {
  return client.events.findLast((e) => e.type === "candidates")?.local ?? [];
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
