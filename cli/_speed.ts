/** The part of a peer that is measured. */
export interface Measured {
  fetch(input: string, init?: RequestInit): Promise<Response>;
}

const PATH = "/.well-known/skip/speed";
const MOST_BYTES = 16 * 1024 ** 3;
const CHUNK = new Uint8Array(64 * 1024);

/** Bytes a second towards us, over `ms` milliseconds. Rejects with `signal.reason`, or when the peer does not take part. */
export async function measureDownload(peer: Measured, ms: number, signal: AbortSignal): Promise<number> {
  const response = await peer.fetch(`${PATH}?bytes=${MOST_BYTES}`, { signal });
  assertOk(response);
  const [start, reader] = [performance.now(), response.body!.getReader()];
  let bytes = 0;
  while (performance.now() - start < ms) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
  }
  const seconds = (performance.now() - start) / 1000;
  await reader.cancel();
  return bytes / seconds;
}

/** The same towards the peer: from the first byte until it has taken the last one. */
export async function measureUpload(peer: Measured, ms: number, signal: AbortSignal): Promise<number> {
  const start = performance.now();
  let bytes = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (performance.now() - start >= ms) return controller.close();
      bytes += CHUNK.length;
      controller.enqueue(CHUNK);
    },
  });
  const response = await peer.fetch(PATH, { method: "POST", body, signal });
  await response.body?.cancel();
  assertOk(response);
  return bytes / ((performance.now() - start) / 1000);
}

function assertOk({ ok, status }: Response): void {
  if (!ok) throw new Error(`Cannot measure the speed: the peer answered with status ${status}`);
}
