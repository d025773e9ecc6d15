/**
 * Tells a serving peer that somebody is punching, by every way that fits.
 *
 * @module
 */
import { abortable } from "@std/async";
import { concat } from "../bytes.ts";
import { addressScope, type Endpoint, formatEndpoint } from "../endpoint.ts";
import { isEndpointIndependent } from "../nat.ts";
import type { Identity } from "../identity/mod.ts";
import { countAcks } from "./_acks.ts";
import type { Recent } from "./_limits.ts";
import { type Clock, pause } from "./clock.ts";
import { targetOf } from "./item.ts";
import { prependToList } from "./knock_list.ts";
import { sealKnock } from "./seal.ts";
import type { Dht, KnockContent, Reply, Resolution } from "./types.ts";

/** First bytes of a knock by datagram: unlike those of KRPC (`d`), STUN (0 to 3), DTLS, RTP and uTP (RFC 7983). */
const MAGIC = Uint8Array.of(0xf5, 0x73, 0x6b, 0x31);

/** Pauses before a datagram is sent again: it opens our NAT for the question, and has the question asked again if that was lost. */
const AGAIN_MS = [250, 250, 500, 1_000, 2_000];
/** What knocking needs. */
export interface KnockerOptions {
  readonly dht: Dht;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly identity: Identity;
  readonly signal: AbortSignal;
  /** The closest nodes when the walk of the resolution is over. */
  readonly holders: Promise<readonly Reply[]>;
  /** Tells of such nodes while that walk is under way. */
  readonly follow?: (onReply: (reply: Reply) => void) => void;
  /**
   * At which nodes our DHT port was announced of late: the serving peer asks there whether it is us (address_proof.ts).
   *
   * @default none
   */
  readonly named?: Recent;
}

/** The box in a knock by datagram. */
export function boxOf(datagram: Uint8Array): Uint8Array | undefined {
  const isKnock = datagram.length > MAGIC.length && MAGIC.every((byte, i) => datagram[i] === byte);
  return isKnock ? datagram.subarray(MAGIC.length) : undefined;
}

/**
 * Announces `content.port` on the record's own target, where the serving peer looks. Those nodes check our address
 * by their token. First to the nodes known so far, then to closer ones as the walk finds them: its end may be
 * waiting for nodes that are dead.
 * Gives the number of nodes that took it. Rejects only with `signal.reason`.
 */
export async function announceKnock(
  resolution: Resolution,
  content: KnockContent,
  options: KnockerOptions,
): Promise<number> {
  const { clock, dht, signal } = options;
  const { port } = content;
  const canBeAsked = isAskable(resolution, content);
  const infoHash = targetOf(resolution.publicKey);
  const asked = new Set<string>();
  const announce = async (holders: readonly Reply[]) => {
    const writes = holders.filter(({ from, token }) => token && !asked.has(formatEndpoint(from)))
      .map(({ from, token }) => {
        asked.add(formatEndpoint(from));
        const key = `${infoHash.toHex()} ${formatEndpoint(from)}`;
        if (canBeAsked && !options.named?.has(key)) {
          options.named?.add(key);
          dht.announcePeer(from, token!, infoHash, 0, { signal }).catch(() => {});
        }
        return dht.announcePeer(from, token!, infoHash, port, { signal });
      });
    return (await countAcks(writes, clock, signal)).count;
  };
  const announced = [announce(resolution.holders)];
  options.follow?.((reply) => {
    const one = announce([reply]);
    one.catch(() => {}); // an abort, which is told below
    announced.push(one);
  });
  const rest = abortable(options.holders, signal).then((holders) => announce(holders));
  await Promise.all([announced[0], rest]);
  const counts = await Promise.all([...announced, rest]);
  const count = counts.reduce((sum, one) => sum + one);
  if (count > 0) return count;
  asked.clear(); // the tokens may have expired since
  return await announce(await dht.walk("get", infoHash, { signal }));
}

/**
 * Sends everything in a sealed box: at once and some times more to the serving peer's DHT socket, where its NAT may let it in,
 * at the latest once it has asked us who we are; and, if one `ip:port` does not say it all, by its knock list. Rejects with
 * `signal.reason`.
 */
export async function sealedKnock(
  resolution: Resolution,
  content: KnockContent,
  { clock, dht, identity, signal, wallClock }: KnockerOptions,
): Promise<void> {
  const { publicKey, record } = resolution;
  const now = wallClock();
  const { sealKey } = record;
  const box = await sealKnock(content, { identity, recipient: publicKey, sealKey, now });
  const isListed = saysMore(content) || record.nat.mapping === "sequential";
  const listing = isListed && prependToList(dht, publicKey, box, { clock, now, signal });
  const to = record.dht && mayReceive(record.dht) ? record.dht : undefined;
  await Promise.all([
    listing,
    to && sendAgain(() => dht.sendDatagram(to, concat(MAGIC, box)), clock, signal),
  ]);
}

/** Rejects with `signal.reason`. */
async function sendAgain(send: () => void, clock: Clock, signal: AbortSignal): Promise<void> {
  send();
  for (const ms of AGAIN_MS) {
    await pause(clock, ms, signal);
    send();
  }
}

/** Whether the serving peer's question gets in at our DHT socket, as far as is known. */
export function isAskable({ record }: Resolution, { nat }: KnockContent): boolean {
  return record.dht !== undefined && [nat, record.nat].every(isEndpointIndependent);
}

/** Whether the content is more than "the address that you see, this port, and an ordinary NAT". */
function saysMore({ candidates, nat, port, ports = [] }: KnockContent): boolean {
  const others = candidates.filter((c) => addressScope(c.hostname) === "global" && c.port !== port);
  const ipv6 = candidates.some((c) => c.hostname.includes(":") && addressScope(c.hostname) === "global");
  return others.length + ports.length > 0 || ipv6 || !["open", "preserving", "unknown"].includes(nat.mapping);
}

function mayReceive({ hostname }: Endpoint): boolean {
  const scope = addressScope(hostname);
  return scope === "global" || scope === "private" || scope === "loopback";
}
