import {
  decodeAddress,
  decodeXorAddress,
  encodeStun,
  newTransactionId,
  StunAttribute,
  type StunMessage,
  StunType,
} from "../candidates/mod.ts";
import { equalBytes } from "../bytes.ts";
import { addressScope, type Endpoint } from "../endpoint.ts";
import { type ByteStream, writeAll } from "../punch/mod.ts";
import { type CheckOptions, readStun } from "./exchange.ts";
import { decodeOutcome, encodeProbe, type ProbeOutcome, type ProbeRequest } from "./probe.ts";
import { whileOpen } from "./_while_open.ts";

/** An answer that takes longer is worth nothing: the observer itself gives a probe 1.5 s. */
const ANSWER_TIMEOUT_MS = 3000;

/** What an observer answered. */
export interface ObserverAnswer {
  /** Our endpoint as the observer sees it. */
  readonly mapped: Endpoint;
  /** What became of the probe; absent when none was asked for, or whoever answered is a plain STUN server. */
  readonly outcome?: ProbeOutcome;
}

/** Options of {@linkcode askObserver}. */
export interface ObserverOptions extends CheckOptions {
  /** What is to be tried. */
  readonly probe?: ProbeRequest;
  /** 12 bytes, for who waits for the datagram of a probe. @default random */
  readonly transactionId?: Uint8Array;
}

/**
 * Asks a STUN server over TCP how it sees us, and an observer to try to get in. The stream stays open, also because
 * the NAT might forget what was just seen; after a failure it is closed.
 *
 * Rejects when the answer is none, does not come in time, or names an endpoint that the server cannot have seen.
 */
export async function askObserver(
  stream: ByteStream,
  options: ObserverOptions = {},
): Promise<ObserverAnswer> {
  const { probe, signal, timeoutMs = ANSWER_TIMEOUT_MS, transactionId = newTransactionId() } = options;
  return await whileOpen(stream, timeoutMs, signal, async () => {
    const attributes = new Map(probe ? [[StunAttribute.probe, encodeProbe(probe)]] : []);
    await writeAll(stream, encodeStun({ type: StunType.request, transactionId, attributes }));
    const { message } = await readStun(stream);
    if (message?.type !== StunType.success || !equalBytes(message.transactionId, transactionId)) {
      throw new Error("Cannot observe: the server answered with something else");
    }
    const mapped = mappedAddress(message);
    if (!mapped) throw new Error("Cannot observe: the server's answer has no address");
    if (!canSee(stream.remoteAddr.hostname, mapped.hostname)) {
      throw new Error(`Cannot observe: the server cannot have seen us at ${mapped.hostname}`);
    }
    const probed = message.attributes.get(StunAttribute.probed);
    const outcome = probe && probed ? decodeOutcome(probed) : null;
    return { mapped, ...(outcome ? { outcome } : {}) };
  });
}

/** XOR-MAPPED-ADDRESS, or what servers that do not know it answer with. */
function mappedAddress({ attributes, transactionId }: StunMessage): Endpoint | null {
  const hidden = attributes.get(StunAttribute.xorMappedAddress);
  if (hidden) return decodeXorAddress(hidden, transactionId);
  const plain = attributes.get(StunAttribute.mappedAddress);
  return plain ? decodeAddress(plain) : null;
}

/** Whoever is outside sees an address that is valid there; a server in our own network may see one of that network. */
function canSee(server: string, mapped: string): boolean {
  const scope = addressScope(mapped);
  if (scope === "global") return true;
  const isLocal = scope === "private" || scope === "loopback" || scope === "link-local";
  return isLocal && addressScope(server) !== "global";
}
