/**
 * The first bytes on every new TCP path: a STUN Binding exchange (RFC 8489) in which the serving peer proves that it
 * holds the key of the id which the connecting peer wants.
 *
 * 1. The connecting peer sends a Binding request with WANTED: a digest of the id and the transaction id. It names
 *    the id to him who holds it and to nobody else; a neighbour who sits on the same private address learns nothing.
 * 2. The serving peer answers with XOR-MAPPED-ADDRESS, and PROOF: its signature over transaction id and that address.
 * 3. A request without WANTED is a plain STUN request and is answered like one: every peer's port is a STUN server
 *    over TCP. With PROBE it also tries to get in at the asker's, see `probe.ts`.
 * 4. TLS follows a check of its id alone: whoever does not know it gets no handshake, and so no certificate that names it.
 *
 * STUN and TLS share the port by their first byte (RFC 7983): 0 to 3 is STUN, 22 is a TLS handshake.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { concat, equalBytes, utf8 } from "../bytes.ts";
import {
  decodeStun,
  decodeXorAddress,
  encodeErrorCode,
  encodeStun,
  encodeXorAddress,
  newTransactionId,
  STUN_HEADER_BYTES,
  StunAttribute,
  stunBodyLength,
  type StunMessage,
  StunType,
  unknownRequired,
} from "../candidates/mod.ts";
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import { PeerError } from "../errors.ts";
import { type Identity, verifyBytes } from "../identity/mod.ts";
import { type ByteStream, readExactly, writeAll } from "../punch/mod.ts";
import { decodeProbe, encodeOutcome, type Probe, type ProbeOutcome } from "./probe.ts";
import { Watch, whileOpen } from "./_while_open.ts";

const WANTED_CONTEXT = utf8("skip check v1 wanted");
const PROOF_CONTEXT = utf8("skip check v1 proof");
const WANTED_BYTES = 16;

/** First byte of a TLS record that carries a handshake (RFC 8446 section 5.1). */
const TLS_HANDSHAKE = 22;

/** Requests answered on one connection: whoever keeps a NAT's mapping in use asks all the while, an abuser without end. */
const MAX_REQUESTS = 64;

/** What the connecting peer learns from a check. */
export interface CheckedPath {
  /** From the request to its answer. */
  readonly rttMs: number;
  /** Our endpoint as the serving peer sees it. */
  readonly mapped: Endpoint;
}

/** Options of {@linkcode checkPath} and {@linkcode answerChecks}. */
export interface CheckOptions {
  /** Closes the stream and rejects with its reason. */
  readonly signal?: AbortSignal;
  /** How long the other side may take, for each message. @default {5000} */
  readonly timeoutMs?: number;
}

/** Options of {@linkcode answerChecks}. */
export interface AnswerOptions extends CheckOptions {
  /** Makes an observer of this peer; without it PROBE is ignored. */
  readonly probe?: Probe;
  /** Whoever is there has asked for our id. */
  readonly onWanted?: () => void;
}

/** How long a peer may take to answer a check: TCP's first three retransmissions fit in. */
const CHECK_TIMEOUT_MS = 5000;
/** How long a path may be silent before TLS: an observing peer holds its STUN connection until its punch is over. */
const UNUSED_PATH_MS = 15_000;

/**
 * The connecting peer's side: asks whether the holder of `publicKey` is at the other end.
 *
 * Rejects with `PeerError` `not-proven` when whoever is there answers otherwise or not in time. After a failure the
 * stream is closed, since nothing else can follow on it.
 */
export async function checkPath(
  stream: ByteStream,
  publicKey: Uint8Array,
  { signal, timeoutMs = CHECK_TIMEOUT_MS }: CheckOptions = {},
): Promise<CheckedPath> {
  return await whileOpen(stream, timeoutMs, signal, async () => {
    const transactionId = newTransactionId();
    const start = performance.now();
    await writeAll(
      stream,
      encodeStun({
        type: StunType.request,
        transactionId,
        attributes: new Map([[StunAttribute.wanted, wanted(publicKey, transactionId)]]),
      }),
    );
    const { message } = await readStun(stream);
    const rttMs = performance.now() - start;
    return { rttMs, mapped: verifyProof(message, publicKey, transactionId) };
  }).catch((error) => {
    signal?.throwIfAborted();
    throw new PeerError(
      "not-proven",
      `Cannot check the path: ${formatEndpoint(stream.remoteAddr)} did not prove the id`,
      { cause: error },
    );
  });
}

function verifyProof(answer: StunMessage | null, publicKey: Uint8Array, transactionId: Uint8Array): Endpoint {
  if (answer?.type !== StunType.success || !equalBytes(answer.transactionId, transactionId)) {
    throw new Error(
      answer?.type === StunType.error ? "it holds another id" : "it answered with something else",
    );
  }
  const address = answer.attributes.get(StunAttribute.xorMappedAddress);
  const mapped = address && decodeXorAddress(address, transactionId);
  const proof = answer.attributes.get(StunAttribute.proof);
  if (!address || !mapped || !proof) throw new Error("its answer has no address or no proof");
  if (!verifyBytes(publicKey, concat(PROOF_CONTEXT, transactionId, address), proof)) {
    throw new Error("its signature is wrong");
  }
  return mapped;
}

/** A path on which TLS begins. */
export interface TlsPath {
  /** Bytes that were read already and belong to TLS. */
  readonly head: Uint8Array;
}

/**
 * The serving peer's side: answers the checks on a path until TLS begins on it.
 *
 * Gives `null`, with the stream closed, for a path on which it never does: one that lost the race, a mere observer,
 * a stranger that speaks something else or has not asked for our id. Rejects only with `signal.reason`.
 */
export async function answerChecks(
  stream: ByteStream,
  identity: Identity,
  { signal, timeoutMs = UNUSED_PATH_MS, probe, onWanted }: AnswerOptions = {},
): Promise<TlsPath | null> {
  let isWanted = false;
  const answerer = { identity, probe, onWanted: () => (isWanted = true, onWanted?.()) };
  const watch = new Watch(stream, timeoutMs, signal);
  try {
    for (let n = 0; n < MAX_REQUESTS; n++) {
      const { message, head } = await readStun(stream);
      if (message === null && head[0] === TLS_HANDSHAKE && isWanted && !watch.reason) return { head };
      if (message?.type !== StunType.request) break;
      watch.renew();
      await writeAll(stream, await answer(message, stream.remoteAddr, answerer));
      watch.renew();
    }
  } catch {
    // closed, too slow, or gone: nothing that a serving peer has to know
  } finally {
    watch.end();
  }
  stream.close();
  signal?.throwIfAborted();
  return null;
}

/** Who answers. */
interface Answerer {
  readonly identity: Identity;
  readonly probe: Probe | undefined;
  readonly onWanted: () => void;
}

async function answer(
  request: StunMessage,
  remote: Endpoint,
  { identity, probe, onWanted }: Answerer,
): Promise<Uint8Array> {
  const { transactionId } = request;
  const refuse = (code: number, reason: string, more: [number, Uint8Array][] = []) =>
    encodeStun({
      type: StunType.error,
      transactionId,
      attributes: new Map([[StunAttribute.errorCode, encodeErrorCode(code, reason)], ...more]),
    });

  const unknown = unknownRequired(request);
  if (unknown.length > 0) {
    const list = Uint8Array.from(unknown.flatMap((t) => [t >> 8, t & 255]));
    return refuse(420, "Unknown Attribute", [[StunAttribute.unknownAttributes, list]]);
  }
  const address = encodeXorAddress(remote, transactionId);
  const attributes = new Map<number, Uint8Array>([[StunAttribute.xorMappedAddress, address]]);
  const digest = request.attributes.get(StunAttribute.wanted);
  if (digest !== undefined) {
    if (!equalBytes(digest, wanted(identity.publicKey, transactionId))) return refuse(403, "Forbidden");
    onWanted();
    attributes.set(StunAttribute.proof, identity.sign(concat(PROOF_CONTEXT, transactionId, address)));
  }
  const outcome = probe && await probeAsker(request, remote, probe);
  if (outcome) attributes.set(StunAttribute.probed, encodeOutcome(outcome));
  return encodeStun({ type: StunType.success, transactionId, attributes });
}

/** Tries the port that the request names, at the address from which it came and no other. */
async function probeAsker(
  { attributes, transactionId }: StunMessage,
  remote: Endpoint,
  probe: Probe,
): Promise<ProbeOutcome | undefined> {
  const value = attributes.get(StunAttribute.probe);
  const wish = value && decodeProbe(value);
  if (!wish) return undefined;
  return await probe(
    { hostname: remote.hostname, port: wish.port || remote.port },
    wish.transport,
    transactionId,
  );
}

/** Synchronous: what `crypto.subtle` does in another thread takes longer to hand over than to do. */
function wanted(publicKey: Uint8Array, transactionId: Uint8Array): Uint8Array<ArrayBuffer> {
  const hash = createHash("sha256").update(WANTED_CONTEXT).update(publicKey).update(transactionId);
  return new Uint8Array(hash.digest().subarray(0, WANTED_BYTES));
}

/** What {@linkcode readStun} has read. */
interface StunRead {
  readonly message: StunMessage | null;
  readonly head: Uint8Array;
}

/** Reads one STUN message; `message` is `null` when the stream carries something else, which `head` begins. */
export function readStun(stream: ByteStream): Promise<StunRead> {
  return readExactly(stream, STUN_HEADER_BYTES).then((head) => readBody(stream, head));
}

async function readBody(stream: ByteStream, head: Uint8Array): Promise<StunRead> {
  const length = stunBodyLength(head);
  if (length === null) return { message: null, head };
  return { message: decodeStun(concat(head, await readExactly(stream, length))), head };
}
