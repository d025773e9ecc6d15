/**
 * The knock list: sealed knocks in an item that everybody who knows the id can write, for what one announced
 * `ip:port` cannot say. The last writer wins, so it is a supplement and never the only way.
 *
 * Its key pair follows from the serving peer's public key and the hour, so both sides know where it lies and
 * nothing piles up. The value: version 1, then boxes, newest first, each after its length in 2 bytes.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { concat, equalBytes, utf8 } from "../bytes.ts";
import { formatEndpoint } from "../endpoint.ts";
import { Identity } from "../identity/mod.ts";
import { type Clock, pause } from "./clock.ts";
import { signItem, targetOf, verifyItem } from "./item.ts";
import { MAX_BOX_BYTES } from "./seal.ts";
import type { Dht, RawItem, Reply, SignedItem } from "./types.ts";

/** How long a list is written to. */
export const EPOCH_MS = 60 * 60_000;
/** Clocks differ, and a knock written just before the hour is read just after it. */
const BOUNDARY_MS = 5 * 60_000;
/** As for records: what every implementation takes. */
const MAX_LIST_BYTES = 996;
const VERSION = 1;
/** Two that write at once get the same number, and nodes refuse the second. */
const ATTEMPTS = 3;
const MAX_PAUSE_MS = 200;
/** Nodes that hold it; the serving peer reads them all in a second. */
const ENOUGH = 3;

/** The epoch of a time in milliseconds since 1970. */
export function epochOf(nowMs: number): number {
  return Math.floor(nowMs / EPOCH_MS);
}

/** The epochs in which a knock may be found now: one, or two near the boundary. */
export function epochsAround(nowMs: number): number[] {
  return [...new Set([nowMs, nowMs - BOUNDARY_MS, nowMs + BOUNDARY_MS].map(epochOf))];
}

/** The key pair of a list. No secret: whoever knows the id can make it. */
export function listIdentity(publicKey: Uint8Array, epoch: number): Identity {
  const number = new DataView(new ArrayBuffer(8));
  number.setBigUint64(0, BigInt(epoch));
  const hash = createHash("sha256").update(utf8("skip knock list v1")).update(publicKey);
  return new Identity(new Uint8Array(hash.update(new Uint8Array(number.buffer)).digest()));
}

/** The list as bytes; of boxes that do not fit, the last are left out. */
export function packList(boxes: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let bytes = Uint8Array.of(VERSION);
  for (const box of boxes) {
    if (bytes.length + 2 + box.length > MAX_LIST_BYTES) break;
    bytes = concat(bytes, Uint8Array.of(box.length >> 8, box.length & 255), box);
  }
  return bytes;
}

/** The boxes in a list; what is malformed ends it. Never throws. */
export function unpackList(v: Uint8Array): Uint8Array[] {
  const boxes: Uint8Array[] = [];
  if (v[0] !== VERSION || v.length > MAX_LIST_BYTES + 4) return boxes;
  for (let at = 1; at + 2 <= v.length;) {
    const length = v[at]! << 8 | v[at + 1]!;
    const box = v.slice(at + 2, at + 2 + length);
    if (box.length !== length || length === 0 || length > MAX_BOX_BYTES) break;
    boxes.push(box);
    at += 2 + length;
  }
  return boxes;
}

/** The boxes in what a node stores, if the list's own key signed it. */
export function readList(item: RawItem | undefined, list: Identity): Uint8Array[] {
  const valid = verifyItem(item, list.publicKey);
  return valid ? unpackList(valid.v) : [];
}

/** Where and when to write. */
export interface PrependOptions {
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/**
 * Puts a box at the head of the list of a serving peer, at each node as soon as it has said what it holds: the end of a walk
 * may be waiting for nodes that are dead. Gives how many of the closest nodes took it.
 * Rejects with `signal.reason`.
 */
export async function prependToList(
  dht: Dht,
  publicKey: Uint8Array,
  box: Uint8Array,
  { clock, now, signal }: PrependOptions,
): Promise<number> {
  const list = listIdentity(publicKey, epochOf(now));
  const target = targetOf(list.publicKey);
  for (let attempt = 1;; attempt++) {
    const writes = new Map<string, Promise<unknown>>();
    const onReply = (reply: Reply) => {
      const item = reply.token && prepended(reply, list, box);
      if (!item) return;
      const write = dht.put(reply.from, reply.token!, item, { signal });
      write.catch(() => {}); // counted below
      writes.set(formatEndpoint(reply.from), write);
    };
    const replies = await dht.walk("get", target, { signal, onReply });
    const written = replies.map(({ from }) => writes.get(formatEndpoint(from)))
      .filter((write) => write !== undefined);
    const taken = (await Promise.allSettled(written)).filter((w) => w.status === "fulfilled").length;
    signal.throwIfAborted();
    const isEnough = taken >= Math.min(ENOUGH, replies.length);
    if (written.length === 0 || attempt === ATTEMPTS || isEnough) return taken;
    await pause(clock, clock.random() * MAX_PAUSE_MS, signal);
  }
}

/** What a node's list becomes. */
function prepended({ item }: Reply, list: Identity, box: Uint8Array): SignedItem | undefined {
  const known = verifyItem(item, list.publicKey);
  const others = known ? unpackList(known.v).filter((other) => !equalBytes(other, box)) : [];
  const seq = (known?.seq ?? 0) + 1;
  return Number.isSafeInteger(seq) ? signItem(list, seq, packList([box, ...others])) : undefined;
}
