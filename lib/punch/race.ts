/**
 * All candidate pairs at once; the first path that passes its check wins.
 *
 * @module
 */
import { abortable, delay } from "@std/async";
import type { Endpoint } from "../endpoint.ts";
import type { ByteStream } from "../byte_stream.ts";
import { dialUnbound, type PunchPort } from "./port.ts";
import { type Dial, redialDelay } from "./schedule.ts";

/** Options of {@linkcode dialPersistently}. */
export interface DialOptions {
  /** From the port on which we listen, or from any. */
  readonly bound: boolean;
  /** Ends it; always needed, since an unanswered dial has no end of its own. */
  readonly signal: AbortSignal;
  /** How often one that was refused is dialled again. @default {Infinity} */
  readonly maxRedials?: number;
}

/**
 * Dials until the connection opens. A socket that is connecting is never replaced, since the hole in the NAT
 * belongs to its sequence number; one that was refused is dialled again as {@linkcode redialDelay} says.
 *
 * Rejects with `signal.reason`, or with the last error when there is no sense in going on.
 */
export async function dialPersistently(
  port: PunchPort,
  remote: Endpoint,
  { bound, signal, maxRedials = Infinity }: DialOptions,
): Promise<ByteStream> {
  for (let failures = 0;; failures++) {
    const start = performance.now();
    try {
      return await (bound ? port.dial(remote, { signal }) : dialUnbound(remote, { signal }));
    } catch (error) {
      signal.throwIfAborted();
      const wait = redialDelay(errorCode(error), performance.now() - start, failures);
      if (wait === null || failures >= maxRedials) throw error;
      if (wait > 0) await delay(wait, { signal });
    }
  }
}

function errorCode(error: unknown): string | undefined {
  if (error instanceof Deno.errors.ConnectionRefused) return "ECONNREFUSED";
  if (error instanceof Deno.errors.ConnectionReset) return "ECONNRESET";
  if (error instanceof Deno.errors.TimedOut) return "ETIMEDOUT";
  return (error as { code?: string }).code;
}

/** A path that passed its check. */
export interface Winner<T> {
  /** The open connection. */
  readonly stream: ByteStream;
  /** What the check found out. */
  readonly checked: T;
  /** The dial that opened it; absent when it came in. */
  readonly dial?: Dial;
}

/** Options of {@linkcode race}. */
export interface RaceOptions<T> {
  /** Proves one path; rejects when it is not the right one. */
  readonly check: (stream: ByteStream, signal: AbortSignal) => Promise<T>;
  /** Connections that come in on the port, for as long as the race runs. */
  readonly incoming: ReadableStream<ByteStream>;
  /** Ends the race. */
  readonly signal: AbortSignal;
  /** A path failed its check; called from the background and must not throw. */
  readonly onRefused?: (remote: Endpoint, error: unknown) => void;
}

/**
 * Dials as planned, checks every path that opens from either side, and gives the first that passes.
 * The losers are closed only then: until there is a winner, closing one could close the hole of another.
 *
 * Rejects with `signal.reason`.
 */
export async function race<T>(
  port: PunchPort,
  dials: readonly Dial[],
  options: RaceOptions<T>,
): Promise<Winner<T>> {
  const won = Promise.withResolvers<Winner<T>>();
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const streams = new Set<ByteStream>();

  const tryPath = async (stream: ByteStream, dial?: Dial) => {
    streams.add(stream);
    try {
      const checked = await options.check(stream, signal);
      won.resolve({ stream, checked, ...(dial ? { dial } : {}) });
    } catch (error) {
      if (!signal.aborted) options.onRefused?.(stream.remoteAddr, error);
    }
  };
  const attempt = async (dial: Dial) => {
    const { candidate, delayMs, bound } = dial;
    if (delayMs > 0) await delay(delayMs, { signal });
    await tryPath(await dialPersistently(port, candidate, { bound, signal }), dial);
  };
  // A dial that ends without a path leaves the race to the others.
  const attempts = dials.map((dial) => attempt(dial).catch(() => {}));
  const reader = options.incoming.getReader();
  attempts.push(readAll(reader, (stream) => attempts.push(tryPath(stream))));

  let winner: Winner<T> | undefined;
  try {
    return winner = await abortable(won.promise, options.signal);
  } finally {
    over.abort(new DOMException("The race is over", "AbortError"));
    await reader.cancel();
    await Promise.all(attempts);
    for (const stream of streams) if (stream !== winner?.stream) stream.close();
  }
}

/** Until it ends or is cancelled. */
async function readAll<T>(reader: ReadableStreamDefaultReader<T>, onValue: (value: T) => void) {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onValue(value);
  }
}
