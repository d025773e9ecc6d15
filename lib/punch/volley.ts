/**
 * Many dials at once, for NATs that give each connection a port of its own: one side opens connections from many ports to
 * the peer's one, the other side guesses at many ports of the peer's address. Where one of the guesses is the port of one
 * of the connections, two SYNs meet.
 *
 * With N opened and M guessed among P possible ports the odds are 1 - exp(-N·M/P).
 *
 * @module
 */
import { delay } from "@std/async";
import type { ByteStream } from "../byte_stream.ts";
import type { Endpoint } from "../endpoint.ts";
import type { Nat, PortSequence } from "../nat.ts";
import { dialUnbound, type PunchPort } from "./port.ts";

/** Ports below are not given to connections. */
const LOWEST_PORT = 1024;
const HIGHEST_PORT = 65_535;
/** How many ports one side opens and the other one guesses: 99.8 % each round. */
const BIRTHDAY_OPENS = 768;
const BIRTHDAY_GUESSES = 512;
/** In a block of 2048, for instance, 128 × 256 miss once in nine million times. */
const SWEEP_OPENS = 128;
const SWEEP_GUESSES = 256;
/** A round is over when every SYN has had time to meet its like; then fresh ports are opened. */
export const ROUND_MS = 2000;
/** After a round that was refused, so many small ones follow soon: a peer hears of us within a few of them. */
const SMALL_ROUNDS = 12;
const SMALL_PAUSE_MS = 100;
/** Of a whole round. */
const SMALL_PART = 1 / 6;

/** How many sockets either side uses. */
export interface VolleySize {
  readonly opens: number;
  readonly guesses: number;
}

/** The size of a volley against a NAT, where each side has descriptors enough. */
export function volleySize({ block }: Nat): VolleySize {
  return block
    ? { opens: SWEEP_OPENS, guesses: SWEEP_GUESSES }
    : { opens: BIRTHDAY_OPENS, guesses: BIRTHDAY_GUESSES };
}

/** `count` different ports, from the block where there is one, from all otherwise. */
export function guessPorts({ block }: Nat, count: number, random: () => number = Math.random): number[] {
  const { first, last } = block ?? { first: LOWEST_PORT, last: HIGHEST_PORT };
  const size = last - first + 1;
  const guessed = new Set<number>();
  while (guessed.size < Math.min(count, size)) guessed.add(first + Math.floor(random() * size));
  return [...guessed];
}

/** The ports that a NAT allotted between two that were observed; at most `most`, none if the two are no sequence. */
export function portsBetween(before: number, after: number, step: number, most: number): number[] {
  const count = (after - before) / step - 1;
  if (!Number.isInteger(count) || count < 1 || count > most) return [];
  return Array.from({ length: count }, (_, i) => before + (i + 1) * step);
}

/** The ports that a NAT will allot next. */
export function portsAhead({ next, step }: PortSequence, count: number): number[] {
  return Array.from({ length: count }, (_, i) => next + i * step).filter((p) => p > 0 && p <= HIGHEST_PORT);
}

/** What becomes of the dials of a volley. */
export interface VolleyOptions {
  /** Ends it, and what has not connected. */
  readonly signal: AbortSignal;
  /** Each connection; the receiver owns it. */
  readonly onStream: (stream: ByteStream) => void;
}

/**
 * Opens connections to `remote` from so many fresh ports, round after round until aborted. A router that refuses most of them
 * ends a round early: the peer has not guessed yet. Then smaller rounds follow soon, since every refused connection leaves
 * something in the tables of the routers for a while. What has connected is left alone until the round is over: where anybody
 * gets in, more of them would only take the place of those that are being checked. Never rejects.
 */
export async function openMany(
  remote: Endpoint,
  count: number,
  { signal, onStream }: VolleyOptions,
): Promise<void> {
  const rounds = new Set<Promise<unknown>>();
  for (let refused = 0; !signal.aborted; refused++) {
    const isSmall = refused > 0 && refused <= SMALL_ROUNDS;
    const size = isSmall ? Math.ceil(count * SMALL_PART) : count;
    const round = AbortSignal.any([signal, AbortSignal.timeout(ROUND_MS)]);
    // What is left of a former attempt may swallow some: these are not waited for.
    const mostly = Promise.withResolvers<void>();
    let [failures, connected] = [0, 0];
    const fail = () => void (++failures * 2 >= size && mostly.resolve());
    const succeed = (stream: ByteStream) => {
      connected++;
      onStream(stream);
    };
    const dials = Array.from({ length: size }, () => dialUnbound(remote, { signal: round }));
    const all = Promise.all(dials.map((dial) => dial.then(succeed, fail)));
    rounds.add(all);
    void all.then(() => rounds.delete(all));
    await Promise.race([all, mostly.promise]);
    // Refused, or there are no descriptors: not at once again.
    const pause = refused < SMALL_ROUNDS && connected === 0 ? SMALL_PAUSE_MS : ROUND_MS;
    if (round.aborted) refused = -1;
    else await delay(pause, { signal: round }).catch(() => {});
  }
  await Promise.all(rounds);
}

/**
 * Dials `ports` of an address from `port`, and again in each round those that were refused, until aborted. What nobody
 * answers stays as it is: its hole is open, and the kernel repeats its SYN. Never rejects.
 */
export async function dialPorts(
  port: PunchPort,
  hostname: string,
  ports: readonly number[],
  { signal, onStream }: VolleyOptions,
): Promise<void> {
  const one = async (remote: Endpoint) => {
    while (!signal.aborted) {
      await settle([port.dial(remote, { signal })], onStream);
      if (!signal.aborted) await delay(ROUND_MS / 2, { signal }).catch(() => {});
    }
  };
  await Promise.all(ports.map((p) => one({ hostname, port: p })));
}

async function settle(dials: readonly Promise<ByteStream>[], onStream: (stream: ByteStream) => void) {
  await Promise.all(dials.map((dial) => dial.then(onStream, () => {}))); // most of them fail: that is the plan
}
