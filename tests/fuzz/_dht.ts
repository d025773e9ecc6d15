import { Buffer } from "node:buffer";
import { utf8 } from "../../lib/bytes.ts";
import type { DatagramSocket } from "../../lib/discovery/socket.ts";
import type { Endpoint } from "../../lib/endpoint.ts";

/** A socket that carries what the fuzzing says, and keeps what the node answers. */
export class WiredSocket implements DatagramSocket {
  readonly address = { hostname: "198.51.100.1", port: 6881 };
  readonly sent: Uint8Array[] = [];
  onDatagram?: (data: Uint8Array, from: Endpoint) => void;

  send(data: Uint8Array): void {
    this.sent.push(data);
  }

  /** All that is answered to one datagram. */
  say(data: Uint8Array, from: Endpoint): Uint8Array[] {
    this.sent.length = 0;
    this.onDatagram!(data, from);
    return [...this.sent];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Bencode with numbers of any size, which ours does not write. */
export function rawBencode(value: unknown): Uint8Array {
  if (typeof value === "number") return utf8(`i${BigInt(value)}e`);
  if (value instanceof Uint8Array || typeof value === "string") {
    const bytes = typeof value === "string" ? utf8(value) : value;
    return Buffer.concat([utf8(`${bytes.length}:`), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([utf8("l"), ...value.map(rawBencode), utf8("e")]);
  const entries = Object.entries(value as object).sort(([a], [b]) => a < b ? -1 : 1);
  return Buffer.concat([
    utf8("d"),
    ...entries.flatMap(([key, inner]) => [rawBencode(key), rawBencode(inner)]),
    utf8("e"),
  ]);
}
