import type { ClientRequest } from "node:http";

/** Options of {@linkcode sendBody}. */
export interface SendBodyOptions {
  /** Bytes that were announced. */
  readonly length: number | undefined;
  /** Told whether it is the other side that keeps us waiting. */
  readonly onWait: (waiting: boolean) => void;
}

/**
 * Sends a body as fast as it is taken, and destroys the request when the body breaks off or is not as long as announced: a
 * byte too many would be the beginning of another request. Never rejects.
 */
export async function sendBody(
  outgoing: ClientRequest,
  body: ReadableStream<Uint8Array>,
  options: SendBodyOptions,
): Promise<void> {
  const reader = body.getReader();
  try {
    await pump(outgoing, reader, options);
  } catch (error) {
    outgoing.destroy(error as Error);
    await reader.cancel(error).catch(() => {});
  }
}

async function pump(
  outgoing: ClientRequest,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { length, onWait }: SendBodyOptions,
) {
  let sent = 0;
  const wrong = (): never => {
    throw new TypeError(`Cannot pass a body on: ${length} bytes were announced, current value is ${sent}`);
  };
  for (;;) {
    onWait(false);
    const { done, value } = await reader.read();
    if (done) break;
    sent += value.length;
    if (length !== undefined && sent > length) wrong();
    onWait(true);
    if (!outgoing.write(value)) await drained(outgoing);
    if (outgoing.destroyed) return void await reader.cancel();
  }
  if (length !== undefined && sent < length) wrong();
  onWait(true);
  outgoing.end();
}

/** Resolves when more can be written, or nothing ever again. */
async function drained(outgoing: ClientRequest) {
  if (outgoing.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  outgoing.once("drain", resolve);
  outgoing.once("close", resolve);
  await promise;
  outgoing.off("drain", resolve);
  outgoing.off("close", resolve);
}
