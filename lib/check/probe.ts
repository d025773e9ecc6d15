/**
 * How a peer learns what its NAT does to strangers: it asks an observer, which is any serving peer, to try to get in.
 *
 * 1. The asker adds PROBE to a STUN Binding request over TCP: a transport, and a port of its own (0: the port that
 *    the observer sees on this connection).
 * 2. The observer dials that port *at the address from which the request came*, which TCP has verified, from a fresh
 *    local port; or sends one datagram there, which carries the transaction id.
 * 3. It answers with PROBED beside XOR-MAPPED-ADDRESS: what became of it.
 *
 * The observer names no address but the asker's, so nobody can have somebody else probed. A STUN server that knows
 * nothing of this ignores PROBE, as its number is comprehension-optional, and so tells that it is no observer.
 *
 * @module
 */
import { encodeStun, StunType } from "../candidates/mod.ts";
import type { Endpoint } from "../endpoint.ts";

/** What a probe runs over. */
export type ProbeTransport = "tcp" | "udp";

/** What the asker wants to have tried. */
export interface ProbeRequest {
  readonly transport: ProbeTransport;
  /** 1024 to 65535, or 0 for the port that the observer sees. */
  readonly port: number;
}

/**
 * What became of a probe.
 *
 * | outcome | meaning |
 * |---|---|
 * | `in` | the connection opened |
 * | `silence` | nobody answered the SYN |
 * | `reset` | RST, or ICMP "port unreachable", which the system does not tell apart |
 * | `icmp` | another ICMP error |
 * | `sent` | the datagram has left; only the asker can know whether it came |
 * | `declined` | the observer did not try: too many probes, or a port that it does not dial |
 */
export type ProbeOutcome = "in" | "silence" | "reset" | "icmp" | "sent" | "declined";

/** Tries to get in at an endpoint. Never rejects. */
export type Probe = (
  target: Endpoint,
  transport: ProbeTransport,
  transactionId: Uint8Array,
) => Promise<ProbeOutcome>;

/** Protocol numbers of IANA, as in REQUESTED-TRANSPORT (RFC 8656 section 18.8). */
const PROTOCOLS: Readonly<Record<ProbeTransport, number>> = { tcp: 6, udp: 17 };
const OUTCOMES: readonly ProbeOutcome[] = ["in", "silence", "reset", "icmp", "sent", "declined"];

/** The value of PROBE: protocol, a zero byte, port. */
export function encodeProbe({ transport, port }: ProbeRequest): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(PROTOCOLS[transport], 0, port >> 8, port & 255);
}

/** The inverse of {@linkcode encodeProbe}; `null` for anything malformed. */
export function decodeProbe(value: Uint8Array): ProbeRequest | null {
  const transport = (["tcp", "udp"] as const).find((t) => PROTOCOLS[t] === value[0]);
  if (value.length !== 4 || value[1] !== 0 || !transport) return null;
  return { transport, port: value[2]! << 8 | value[3]! };
}

/** The value of PROBED: one byte. */
export function encodeOutcome(outcome: ProbeOutcome): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(OUTCOMES.indexOf(outcome));
}

/** The inverse of {@linkcode encodeOutcome}; `null` for anything malformed. */
export function decodeOutcome(value: Uint8Array): ProbeOutcome | null {
  return value.length === 1 ? OUTCOMES[value[0]!] ?? null : null;
}

/** The datagram of a probe over UDP: a Binding indication (RFC 8489 section 6.3.2) with the asker's transaction id. */
export function probeDatagram(transactionId: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeStun({ type: StunType.indication, transactionId, attributes: new Map() });
}
