import { type ByteStream, writeAll } from "../punch/mod.ts";
import { closeQuietly } from "./splice.ts";

/** What a server says first: its certificate, and what else belongs to its flight. */
const FLIGHT_BYTES = 16 * 1024;

/** Options of {@linkcode firstAnswer}. */
export interface FirstAnswerOptions {
  /** What asks for it. */
  readonly head: Uint8Array;
  /** How long it may take. */
  readonly patienceMs: number;
  /** Closes the path. */
  readonly signal: AbortSignal;
}

/**
 * Sends what a conversation begins with, and gives the first bytes that come back; none where the other side ends it. `null` if
 * nothing came in time: a path may have died since it was checked, and TCP would wait for a quarter of an hour. The path is
 * closed then. Rejects like the path.
 */
export async function firstAnswer(path: ByteStream, options: FirstAnswerOptions): Promise<Uint8Array | null> {
  const { head, patienceMs, signal } = options;
  let late = false;
  const close = () => closeQuietly(path);
  const timer = setTimeout(() => {
    late = true;
    close();
  }, patienceMs);
  signal.addEventListener("abort", close);
  if (signal.aborted) close();
  try {
    await writeAll(path, head);
    const buffer = new Uint8Array(FLIGHT_BYTES);
    return buffer.subarray(0, await path.read(buffer) ?? 0);
  } catch (error) {
    if (late) return null;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", close);
  }
}
