/**
 * Contacts in compact form, and what may be believed of them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import {
  addressScope,
  addressToBytes,
  bytesToAddress,
  type Endpoint,
  formatEndpoint,
  operatorPrefix,
} from "../endpoint.ts";
import type { ResponseMessage } from "./guard.ts";
import type { Contact, RawItem, Reply } from "./types.ts";

/** How many nodes keep a value, and how many are told in one reply (BEP 5). */
export const CLOSEST_COUNT = 8;
/** How many at most where nodes crowd around a target: three times as many as there should be. */
export const MAX_HOLDERS = 24;
/** So many cannot well be in one hand: they say who has announced himself where he cannot be asked (announcements.ts). */
export const JURY_COUNT = 40;
/** A reply with more fits no datagram; libtorrent sends at most 100. */
const MAX_VALUES = 200;
const CONTACT_BYTES = 26;
const PEER_BYTES = 6;

/** 26 bytes each: id, IPv4 address, port. IPv6 contacts are left out. */
export function packContacts(contacts: readonly Contact[]): Uint8Array {
  const ipv4 = contacts.filter((contact) => addressToBytes(contact.hostname)?.length === 4);
  const out = new Uint8Array(ipv4.length * CONTACT_BYTES);
  ipv4.forEach(({ id, hostname, port }, i) => {
    out.set(id, i * CONTACT_BYTES);
    out.set(addressToBytes(hostname)!, i * CONTACT_BYTES + 20);
    out.set([port >> 8, port & 255], i * CONTACT_BYTES + 24);
  });
  return out;
}

/** 4 bytes of address and 2 of port. */
export function unpackEndpoint(bytes: Uint8Array): Endpoint {
  return { hostname: bytesToAddress(bytes.subarray(0, 4)), port: bytes[4]! << 8 | bytes[5]! };
}

/** Reads a response; what `from` has no business to say is left out. */
export function toReply(from: Endpoint, { r }: ResponseMessage, rttMs: number): Reply {
  const contact: Contact = { id: Uint8Array.from(r.id), hostname: from.hostname, port: from.port };
  const item = toItem(r);
  return {
    from: contact,
    ...(Buffer.isBuffer(r.token) && { token: Uint8Array.from(r.token) }),
    nodes: toContacts(r.nodes as Buffer | undefined, from),
    values: toPeers(r.values as Buffer[] | undefined),
    ...(item && { item }),
    rttMs,
  };
}

function toContacts(bytes: Buffer | undefined, from: Endpoint): Contact[] {
  const contacts: Contact[] = [];
  for (let at = 0; bytes && at + CONTACT_BYTES <= bytes.length; at += CONTACT_BYTES) {
    const endpoint = unpackEndpoint(bytes.subarray(at + 20, at + CONTACT_BYTES));
    if (isPlausible(endpoint, from)) {
      contacts.push({ id: Uint8Array.from(bytes.subarray(at, at + 20)), ...endpoint });
    }
  }
  return contacts.slice(0, 2 * CLOSEST_COUNT);
}

/**
 * Whether `from` may send us to `contact`: nobody outside may direct our packets into the local network, and
 * nobody anywhere to an address that is no single machine.
 */
export function isPlausible(contact: Endpoint, from: Endpoint): boolean {
  if (contact.port === 0) return false;
  const scope = addressScope(contact.hostname);
  if (scope === "global") return true;
  const local = scope === "loopback" || scope === "private" || scope === "link-local";
  return local && addressScope(from.hostname) !== "global";
}

function toPeers(values: Buffer[] | undefined): Endpoint[] {
  return (values ?? []).slice(0, MAX_VALUES)
    .filter((value) => value.length === PEER_BYTES)
    .map(unpackEndpoint)
    .filter((peer) => peer.port !== 0);
}

function toItem(r: ResponseMessage["r"]): RawItem | undefined {
  if (!Buffer.isBuffer(r.v) || !Number.isSafeInteger(r.seq)) return undefined;
  return {
    ...(Buffer.isBuffer(r.k) && { k: Uint8Array.from(r.k) }),
    ...(Buffer.isBuffer(r.sig) && { sig: Uint8Array.from(r.sig) }),
    seq: r.seq as number,
    v: Uint8Array.from(r.v),
  };
}

/** Orders contacts, closest to `target` first. */
export function byDistance(target: Uint8Array): (a: Contact, b: Contact) => number {
  return (a, b) => distance(a.id, target) < distance(b.id, target) ? -1 : 1;
}

/** How far two ids are apart (XOR), as text that sorts like the number. */
export function distance(a: Uint8Array, b: Uint8Array): string {
  return a.map((byte, i) => byte ^ b[i]!).toHex();
}

/**
 * Whose network a node is in: its /16. On local networks, where everybody is at home, each endpoint is for itself.
 */
export function operatorOf(node: Endpoint): string {
  if (addressScope(node.hostname) !== "global") return formatEndpoint(node);
  return operatorPrefix(node.hostname);
}
