import { assertEquals } from "@std/assert";
import { writeBencode } from "../../lib/discovery/bencode.ts";
import { MAX_PACKET_BYTES, readPacket } from "../../lib/discovery/guard.ts";
import { DhtNode } from "../../lib/discovery/node.ts";
import { openUdpSocket } from "../../lib/discovery/socket.ts";
import { seededRandom } from "../simulation.ts";
import { utf8 } from "../../lib/bytes.ts";

const ID = new Uint8Array(20).fill(7);
const PING = { t: "aa", y: "q", q: "ping", a: { id: ID } };

Deno.test("readPacket() reads a question", () => {
  const message = readPacket(writeBencode({ ...PING, ro: 1 }));
  if (message?.y !== "q") throw new Error("not a question");
  assertEquals([message.q, message.readOnly, message.t.toString()], ["ping", true, "aa"]);
  assertEquals(new Uint8Array(message.a.id), ID);
});

Deno.test("readPacket() reads an answer with the endpoint that it saw", () => {
  const ip = Uint8Array.of(203, 0, 113, 9, 0x1a, 0xe1);
  const message = readPacket(writeBencode({ t: "aa", y: "r", r: { id: ID }, ip }));
  if (message?.y !== "r" || !message.ip) throw new Error("not an answer");
  assertEquals(new Uint8Array(message.ip), ip);
});

Deno.test("readPacket() reads a refusal, also one without text or number", () => {
  assertEquals(error([203, "no"]), [203, "no"]);
  assertEquals(error([203]), [203, ""]);
  assertEquals(error([]), [0, ""]);
  assertEquals(error(["text only"]), [0, ""]);
});

function error(e: unknown): unknown {
  const message = readPacket(writeBencode({ t: "aa", y: "e", e }));
  return message?.y === "e" ? [message.code, message.message] : message;
}

Deno.test("readPacket() keeps no reference to the datagram's memory", () => {
  const packet = writeBencode(PING);
  const message = readPacket(packet);
  packet.fill(0);
  assertEquals(message?.t.toString(), "aa");
  assertEquals(message?.t.buffer.byteLength, packet.length);
});

const bytes = (length: number) => new Uint8Array(length);
const query = (a: unknown, q: unknown = "get") => writeBencode({ t: "aa", y: "q", q, a });
const response = (r: unknown) => writeBencode({ t: "aa", y: "r", r });

function noise(length: number): Uint8Array {
  const random = seededRandom(60);
  return Uint8Array.from({ length }, () => random() * 256);
}

/** What must neither reach the library nor stop the node. */
const DROPPED: [why: string, packet: Uint8Array][] = [
  ["l-3:e, which ends a process that uses the bencode package", utf8("l-3:e")],
  ["the same inside a dictionary", utf8("d1:tl-3:ee")],
  ["a negative length as a value", utf8("d1:t-3:abe")],
  ["60 KB of noise", noise(60_000)],
  ["60 KB of lists", utf8("d1:a" + "l".repeat(60_000))],
  ["deep nesting", utf8("d1:a" + "l".repeat(900) + "e".repeat(900) + "e")],
  ["a packet that is too long", query({ id: ID, v: bytes(MAX_PACKET_BYTES) })],
  ["truncated bencode", writeBencode(PING).slice(0, -5)],
  ["bencode with a tail", utf8("d1:t2:aa1:y1:qe!")],
  ["an empty dictionary", utf8("de")],
  ["no transaction", writeBencode({ y: "q", q: "ping", a: { id: ID } })],
  ["a number as transaction", writeBencode({ ...PING, t: 1 })],
  ["an empty transaction", writeBencode({ ...PING, t: "" })],
  ["a transaction of 33 bytes", writeBencode({ ...PING, t: bytes(33) })],
  ["an unknown kind", writeBencode({ ...PING, y: "x" })],
  ["a kind that is a list", writeBencode({ ...PING, y: ["q"] })],
  ["a question without arguments", writeBencode({ t: "aa", y: "q", q: "ping" })],
  ["a question whose method is a number", query({ id: ID }, 5)],
  ["a question without id", query({ target: ID })],
  ["a question with a short id", query({ id: bytes(19) })],
  ["a question with a list as id", query({ id: [1] })],
  ["a target of 19 bytes", query({ id: ID, target: bytes(19) })],
  ["a target that is a dictionary", query({ id: ID, target: { a: 1 } })],
  ["an info_hash that is a number", query({ id: ID, info_hash: 1 }, "get_peers")],
  ["a token that is a number", query({ id: ID, token: 1, info_hash: ID, port: 1 }, "announce_peer")],
  ["a port that is text", query({ id: ID, token: "x", info_hash: ID, port: "1" }, "announce_peer")],
  ["a key of 31 bytes", query({ id: ID, k: bytes(31) }, "put")],
  ["a signature of 65 bytes", query({ id: ID, sig: bytes(65) }, "put")],
  ["a sequence number that is text", query({ id: ID, seq: "1" }, "put")],
  ["a salt that is a list", query({ id: ID, salt: ["1"] }, "put")],
  ["an answer without result", writeBencode({ t: "aa", y: "r" })],
  ["an answer without id", response({ nodes: bytes(26) })],
  ["an answer whose nodes are a list", response({ id: ID, nodes: ["x"] })],
  ["an answer whose values are text", response({ id: ID, values: "x" })],
  ["an answer with a list inside its values", response({ id: ID, values: [["x"]] })],
  ["a refusal that is text", writeBencode({ t: "aa", y: "e", e: "no" })],
];

for (const [why, packet] of DROPPED) {
  Deno.test(`readPacket() drops ${why}`, () => assertEquals(readPacket(packet), null));
}

Deno.test("DhtNode drops and counts bad packets, and goes on answering", async () => {
  await using node = await DhtNode.open({ hostname: "127.0.0.1", bootstrap: [] });
  const to = { hostname: "127.0.0.1", port: node.port };
  for (const [why, packet] of DROPPED) {
    const before = node.stats.dropped;
    const socket = await openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    const answered = Promise.withResolvers<Uint8Array>();
    socket.onDatagram = (data) => answered.resolve(data.slice());
    socket.send(packet, to);
    socket.send(writeBencode(PING), to); // its answer says that the packet before has been dealt with
    assertEquals(readPacket(await answered.promise)?.y, "r", why);
    const isOther = packet[0] !== 0x64 && packet.length < 1_500; // not KRPC at all: for onDatagram
    assertEquals(node.stats.dropped, before + (isOther ? 0 : 1), why);
    await socket.close();
  }
});
