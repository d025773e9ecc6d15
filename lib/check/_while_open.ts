import type { ByteStream } from "../punch/mod.ts";

/**
 * Runs `work` on a stream, and closes the stream when `signal` aborts, when time is up, or when `work` fails:
 * closing is the only way to end a read that waits. Rejects with `signal.reason`, a `TimeoutError`, or the failure.
 */
export async function whileOpen<T>(
  stream: ByteStream,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  let reason: unknown;
  const end = (why: unknown) => {
    reason ??= why;
    stream.close();
  };
  const abort = () => end(signal!.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  const timer = setTimeout(
    () => end(new DOMException(`No answer within ${timeoutMs} ms`, "TimeoutError")),
    timeoutMs,
  );
  try {
    return await work();
  } catch (error) {
    stream.close();
    throw reason ?? error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
