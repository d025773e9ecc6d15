import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { Endpoint } from "../../endpoint.ts";

/** Where routers listen for NAT-PMP and PCP (RFC 6887 section 19). */
export const PORT_MAPPING_PORT = 5351;
/** A router is a millisecond away: one that has not answered by then does not know the protocol. */
const FIRST_TIMEOUT_MS = 250;
const ATTEMPTS = 3;

/** Where and how a router is asked. */
export interface AskOptions {
  readonly hostname: string;
  /** Our own address in the router's network: a machine can have several, and the router maps for the one that asks. */
  readonly client: string;
  /** @default {5351} */
  readonly port?: number;
  readonly signal: AbortSignal;
}

/**
 * Sends a request, again after 250 and 500 ms, until `decode` makes something of an answer. Gives `null` after 1.75 s of
 * silence, or when the router has no such port. Rejects only with `signal.reason`.
 */
export async function ask<T>(
  request: Uint8Array,
  decode: (answer: Uint8Array) => T | null,
  { client, hostname, port = PORT_MAPPING_PORT, signal }: AskOptions,
): Promise<T | null> {
  const isFrom = (from: RemoteInfo) => from.address === hostname && from.port === port;
  return await exchange(
    [{ bytes: request, to: { hostname, port } }],
    (bytes, from) => isFrom(from) ? decode(bytes) : null,
    { client, signal },
  );
}

/** A datagram, and who gets it. */
export interface Letter {
  readonly bytes: Uint8Array;
  readonly to: Endpoint;
}

/** {@linkcode ask} with several requests at the same time, and answers from anybody: `decode` decides who may answer. */
export async function exchange<T>(
  letters: readonly Letter[],
  decode: (answer: Uint8Array, from: RemoteInfo) => T | null,
  { client, signal }: { client: string; signal: AbortSignal },
): Promise<T | null> {
  signal.throwIfAborted();
  const answered = Promise.withResolvers<T | null>();
  const socket = createSocket("udp4");
  const abort = () => answered.reject(signal.reason);
  signal.addEventListener("abort", abort);
  socket.on("error", () => answered.resolve(null));
  socket.on("message", (message, from) => {
    const answer = decode(Uint8Array.from(message), from);
    if (answer !== null) answered.resolve(answer);
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const send = (attempt: number) => {
    if (attempt === ATTEMPTS) return answered.resolve(null);
    sendAll(socket, letters, () => answered.resolve(null));
    timer = setTimeout(send, FIRST_TIMEOUT_MS * 2 ** attempt, attempt + 1);
  };
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  try {
    socket.bind(0, client, () => send(0));
    return await answered.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    socket.close();
    await closed;
  }
}

/** There may be a way to some and not to others: to a multicast group for example. */
function sendAll(socket: Socket, letters: readonly Letter[], onNoWay: () => void): void {
  let failed = 0;
  for (const { bytes, to } of letters) {
    socket.send(bytes, to.port, to.hostname, (error) => {
      if (error && ++failed === letters.length) onNoWay();
    });
  }
}
