import type { ByteStream } from "./byte_stream.ts";
import { type Candidate, canonicalAddress } from "./endpoint.ts";

/** Paths that opened otherwise than by the dials of a race. */
export interface Incoming {
  /** For the race. */
  readonly stream: ReadableStream<ByteStream>;
  /** Takes over a connection; closes it where nobody waits for it, or it has no business here. */
  readonly push: (stream: ByteStream) => void;
}

/** Connections from the addresses that the record names; others have no business here and are closed. */
export function incomingPaths(candidates: readonly Candidate[]): Incoming {
  const addresses = new Set(candidates.map((c) => canonicalAddress(c.hostname)));
  let controller: ReadableStreamDefaultController<ByteStream> | undefined;
  const stream = new ReadableStream<ByteStream>({
    start: (c) => void (controller = c),
    cancel: () => void (controller = undefined),
  });
  return {
    stream,
    push(path) {
      if (controller && addresses.has(path.remoteAddr.hostname)) controller.enqueue(path);
      else path.close();
    },
  };
}
