/**
 * Announces a knock at more nodes than the closest: the jury that the serving peer hears where it cannot ask us itself whether
 * it is us (announcements.ts).
 *
 * @module
 */
import { addressScope } from "../endpoint.ts";
import { type Clock, pause } from "./clock.ts";
import { JURY_COUNT } from "./contacts.ts";
import { targetOf } from "./item.ts";
import { isAskable } from "./knocker.ts";
import type { Dht, KnockContent, Observation, Reply, Resolution } from "./types.ts";

/** How long the closest nodes may be enough, where the serving peer can ask us itself whether it is us. */
const WIDE_AFTER_MS = 1_000;
/** Two that look for the closest nodes find nearly the same: with some more the jury is among them. */
const SPARE_COUNT = 8;
/** Packets get lost. */
const WIDE_ATTEMPTS = 3;
/** A walk misses nodes that are slow just then; the jury may hear them. */
const WIDE_ROUNDS = 2;
const WIDE_AGAIN_MS = 3_000;
/** A NAT that gives each flow one of two external addresses shows half of the nodes either; with these, nearly all of them both. */
const SIDE_SOCKETS = 3;

/** What announcing widely needs. */
export interface WideKnockOptions {
  readonly dht: Dht;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The jury, where it was looked for in advance: {@linkcode findJury}. */
  readonly jury?: Promise<readonly Reply[]>;
}

/** Announces us at a jury, at once where the NATs say that it will be heard, else after a second. Rejects with `signal.reason`. */
export async function announceWidely(
  resolution: Resolution,
  content: KnockContent,
  { clock, dht, jury, signal }: WideKnockOptions,
): Promise<void> {
  if (isAskable(resolution, content)) await pause(clock, WIDE_AFTER_MS, signal);
  const { port } = content;
  const infoHash = targetOf(resolution.publicKey);
  const announce = async ({ from, token }: Reply) => {
    for (let attempt = 1; token && attempt <= WIDE_ATTEMPTS; attempt++) {
      const isTaken = await dht.announcePeer(from, token, infoHash, port, { signal })
        .then(() => true, (error) => error?.name !== "TimeoutError");
      if (isTaken) return;
    }
  };
  for (let round = 1;; round++) {
    const replies = await (round === 1 && jury || findJury(infoHash, { dht, signal }));
    const isPooled = round === 1 && addressesOf(content, dht.observations()).size > 1;
    const beside = isPooled && announceBeside(replies, infoHash, port, { dht, signal });
    await Promise.all([...replies.map(announce), beside]);
    signal.throwIfAborted();
    if (round === WIDE_ROUNDS) return;
    await pause(clock, WIDE_AGAIN_MS, signal);
  }
}

/** The nodes of which the serving peer hears forty, and some more, closest first. Rejects with `signal.reason`. */
export function findJury(
  target: Uint8Array,
  { dht, signal }: Pick<WideKnockOptions, "dht" | "signal">,
): Promise<Reply[]> {
  return dht.walk("get", target, { signal, count: JURY_COUNT + SPARE_COUNT });
}

/** The addresses from which we may come. */
function addressesOf({ candidates }: KnockContent, observations: readonly Observation[]): Set<string> {
  const all = [...candidates, ...observations.map(({ observed }) => observed)];
  return new Set(
    all.map(({ hostname }) => hostname).filter((h) => !h.includes(":") && addressScope(h) === "global"),
  );
}

/**
 * Announces us from other sockets, which may have others of our addresses; in another order from each, since NATs take their
 * addresses in turn. Rejects with `signal.reason`.
 */
async function announceBeside(
  replies: readonly Reply[],
  infoHash: Uint8Array,
  port: number,
  { dht, signal }: Pick<WideKnockOptions, "dht" | "signal">,
): Promise<void> {
  await Promise.all(Array.from({ length: SIDE_SOCKETS }, async (_, n) => {
    await using socket = await dht.openSideSocket().catch(() => undefined); // no descriptor is left, say
    if (!socket) return;
    const inTurn = [...replies.slice(n + 1), ...replies.slice(0, n + 1)];
    await Promise.allSettled(
      inTurn.map(({ from }) => socket.announcePeer(from, infoHash, port, { signal })),
    );
  }));
  signal.throwIfAborted();
}
