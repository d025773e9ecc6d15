import { Buffer } from "node:buffer";
import type { Endpoint } from "../endpoint.ts";
import { unpackEndpoint } from "./contacts.ts";
import { readPacket } from "./guard.ts";

/** A `ping` of a node that wants to be in nobody's table (BEP 5, BEP 43), for a socket that is no node. */
export function encodePing(transactionId: number): Uint8Array<ArrayBuffer> {
  const id = crypto.getRandomValues(new Uint8Array(20));
  const t = Uint8Array.of(transactionId >> 8, transactionId & 255);
  return Uint8Array.from(Buffer.concat([
    Buffer.from("d1:ad2:id20:"),
    id,
    Buffer.from("e1:q4:ping2:roi1e1:t2:"),
    t,
    Buffer.from("1:y1:qe"),
  ]));
}

/** Our endpoint as the node that answered sees it (BEP 42); `null` for any other packet. Never throws. */
export function decodePong(packet: Uint8Array, transactionId: number): Endpoint | null {
  const message = readPacket(packet);
  if (message?.y !== "r" || !message.ip || message.t.length !== 2) return null;
  if ((message.t[0]! << 8 | message.t[1]!) !== transactionId) return null;
  const endpoint = unpackEndpoint(message.ip);
  return endpoint.port === 0 ? null : endpoint;
}
