import type { ByteStream } from "./byte_stream.ts";
import { type Candidate, canonicalAddress } from "./endpoint.ts";

/** Paths that opened otherwise than by the dials of a race. Disposing closes those that no race has taken, and all to come. */
export interface Incoming extends Disposable {
  /** For the race. */
  readonly stream: ReadableStream<ByteStream>;
  /** Takes over a connection; closes it where nobody waits for it, or it has no business here. */
  readonly push: (stream: ByteStream) => void;
}

/** A carrier may lead the peer's connections out at another address than the one that the DHT saw; who it is, the check tells. */
const MAX_OTHERS = 8;
/** A volley has 768 sockets, and a NAT that filters by address lets all of them in. */
const MAX_EXPECTED = 1024;

/** Connections from the addresses that the record names, and a few others; what comes beyond these is closed. */
export function incomingPaths(candidates: readonly Candidate[]): Incoming {
  const addresses = new Set(candidates.map((c) => canonicalAddress(c.hostname)));
  let others = 0, expected = 0, isOver = false;
  // Kept here and not in the stream's own queue, which would drop them open.
  const waiting: ByteStream[] = [];
  let reader: ReadableStreamDefaultController<ByteStream> | undefined;
  const hand = () => {
    const [to, path] = [reader, reader && waiting.shift()];
    if (!to || !path) return;
    reader = undefined;
    to.enqueue(path);
  };
  const end = () => {
    isOver = true;
    for (const path of waiting.splice(0)) path.close();
  };
  const pull = (controller: ReadableStreamDefaultController<ByteStream>) => {
    reader = controller;
    hand();
  };
  return {
    stream: new ReadableStream<ByteStream>({ pull, cancel: end }, { highWaterMark: 0 }),
    push(path) {
      const isExpected = addresses.has(path.remoteAddr.hostname);
      const isOneOfFew = isExpected ? expected++ < MAX_EXPECTED : others++ < MAX_OTHERS;
      if (isOver || !isOneOfFew) return path.close();
      waiting.push(path);
      hand();
    },
    [Symbol.dispose]: end,
  };
}
