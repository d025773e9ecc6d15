import { delay } from "@std/async";
import type { ByteStream } from "./byte_stream.ts";
import type { Candidate, Endpoint } from "./endpoint.ts";
import { dialPersistently } from "./punch/mod.ts";
import { openPorts } from "./_tactics.ts";

/** With the port that is announced, three pairs of ports. */
const SPARES = 2;
/** A punch takes one or two round trips; one that has not come by then may be spoilt, and no other pair is. */
const HEAD_START_MS = 250;

/** What {@linkcode openSparePorts} works with. */
export interface SparePortsOptions {
  /** Our address as the network sees it. */
  readonly publicAddress: string;
  /** Where the peer is seen. */
  readonly remote: Endpoint;
  /** Closes the ports. */
  readonly signal: AbortSignal;
  /** Each connection; the receiver owns it. */
  readonly onStream: (stream: ByteStream) => void;
}

/**
 * Opens ports beside the one that is announced, for a NAT that keeps port numbers: one of its ports may be taken, may lead out
 * from another address, or may have been spoilt for minutes by a punch that failed. They are dialled from a little later.
 * Gives where they are seen, to be told in the knock; none once aborted.
 */
export async function openSparePorts(options: SparePortsOptions): Promise<Candidate[]> {
  const { publicAddress: hostname, remote, signal, onStream } = options;
  const ports = await openPorts(SPARES, { signal, onStream });
  if (signal.aborted) return [];
  for (const port of ports) {
    delay(HEAD_START_MS, { signal })
      .then(() => dialPersistently(port, remote, { bound: true, signal }))
      .then(onStream, () => {}); // the race tells what became of all
  }
  return ports.map(({ port }) => ({ kind: "reflexive", hostname, port }));
}
