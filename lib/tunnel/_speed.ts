/** Enough to measure the fastest line for some seconds, and an end for whoever does not stop. */
const MAX_BYTES = 16 * 1024 ** 3;
const CHUNK = new Uint8Array(64 * 1024);

/** So many measurements may be under way at once: each takes what the line gives. */
const MAX_MEASURING = 4;
/** A measurement takes some seconds; whoever stops in the middle of one keeps others from theirs no longer than this. */
const MAX_MS = 60_000;

/** What a peer that measures its line gets: bytes without meaning, or somebody who takes them. */
export class SpeedTest {
  readonly #maxMs: number;
  #measuring = 0;

  /** With `maxMs` another end for whoever is slow; for tests. */
  constructor({ maxMs = MAX_MS }: { maxMs?: number } = {}) {
    this.#maxMs = maxMs;
  }

  /** `GET` sends `?bytes=N` zeros as fast as they are read, `POST` takes what comes. */
  async answer(request: Request): Promise<Response> {
    if (this.#measuring >= MAX_MEASURING) {
      return new Response(null, { status: 503, headers: { "retry-after": "10" } });
    }
    if (request.method === "POST") return await this.#take(request);
    if (request.method !== "GET") return new Response(null, { status: 405, headers: { allow: "GET, POST" } });
    const bytes = Number(new URL(request.url).searchParams.get("bytes"));
    if (!Number.isSafeInteger(bytes) || bytes < 1 || bytes > MAX_BYTES) {
      return new Response(null, { status: 400 });
    }
    return this.#give(bytes);
  }

  async #take(request: Request): Promise<Response> {
    this.#measuring++;
    const body = (request.body ?? new Blob().stream()).getReader();
    let [taken, isLate] = [0, false];
    const late = setTimeout(() => {
      isLate = true;
      body.cancel().catch(() => {}); // it has broken off
    }, this.#maxMs);
    try {
      for (let part; !(part = await body.read()).done;) {
        taken += part.value.length;
        if (taken > MAX_BYTES) return new Response(null, { status: 413 });
      }
      return new Response(null, { status: isLate ? 408 : 204 });
    } catch {
      return new Response(null, { status: 400 }); // broken off: nobody reads this, and no handler has failed
    } finally {
      clearTimeout(late);
      this.#measuring--;
    }
  }

  #give(bytes: number): Response {
    let left = bytes;
    this.#measuring++;
    let late: ReturnType<typeof setTimeout>;
    const end = () => {
      clearTimeout(late);
      this.#measuring--;
    };
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        late = setTimeout(() => {
          controller.error(new DOMException("Nobody reads", "TimeoutError"));
          end();
        }, this.#maxMs);
      },
      pull(controller) {
        const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
        left -= chunk.length;
        controller.enqueue(chunk);
        if (left > 0) return;
        controller.close();
        end();
      },
      cancel: end,
    });
    return new Response(body, {
      headers: {
        "content-type": "application/octet-stream",
        "content-length": `${bytes}`,
        "cache-control": "no-store",
      },
    });
  }
}
