import {
  decodeXorAddress,
  encodeStun,
  newTransactionId,
  StunAttribute,
  StunType,
} from "../candidates/mod.ts";
import { equalBytes } from "../bytes.ts";
import type { Endpoint } from "../endpoint.ts";
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
 * Rejects when the answer is none, or does not come in time.
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
    const address = message.attributes.get(StunAttribute.xorMappedAddress);
    const mapped = address && decodeXorAddress(address, transactionId);
    if (!mapped) throw new Error("Cannot observe: the server's answer has no address");
    const probed = message.attributes.get(StunAttribute.probed);
    const outcome = probe && probed ? decodeOutcome(probed) : null;
    return { mapped, ...(outcome ? { outcome } : {}) };
  });
}
