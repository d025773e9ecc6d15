import { assert } from "@std/assert";
import { Buffer } from "node:buffer";
import { type BencodeValue, isDict, readBencode, writeBencode } from "../../../lib/discovery/bencode.ts";
import { isPlausible, toReply } from "../../../lib/discovery/contacts.ts";
import { MAX_PACKET_BYTES, readPacket } from "../../../lib/discovery/guard.ts";
import { isPort } from "../../../lib/endpoint.ts";
import { KRPC } from "../_corpus.ts";
import { same } from "../_expect.ts";
import * as fc from "../_fast_check.ts";
import { mutated, noise } from "../_inputs.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

/** As deep as a packet may nest. */
const MAX_DEPTH = 8;
const STRANGER = { hostname: "203.0.113.9", port: 6881 };

/** What bencode can say, in the one form in which it can be written. */
const value: fc.Arbitrary<BencodeValue> = fc.letrec<{ value: BencodeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: MAX_DEPTH - 2, withCrossShrink: true },
    fc.maxSafeInteger(),
    noise(24).map((bytes) => Buffer.from(bytes)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 6 }), tie("value"), { maxKeys: 4, noNullPrototype: false }),
  ),
})).value;

/** How many values there are in one, and how deep they lie. */
function extent(value: BencodeValue): { count: number; depth: number } {
  if (typeof value === "number" || Buffer.isBuffer(value)) return { count: 1, depth: 1 };
  const inner = Object.values(value).map(extent);
  return {
    count: 1 + inner.reduce((sum, { count }) => sum + count, 0),
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
  };
}

/** Plain values with the same content, to be compared. */
function plain(value: BencodeValue): unknown {
  if (typeof value === "number") return value === 0 ? 0 : value;
  if (Buffer.isBuffer(value)) return value.toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  return Object.entries(value).map(([key, inner]) => [key, plain(inner)]).sort();
}

function checkReply(packet: Uint8Array): void {
  const message = readPacket(packet);
  if (message?.y !== "r") return;
  const { from, item, nodes, token, values } = toReply(STRANGER, message, 1);
  same(from.id.length, 20);
  assert((token?.length ?? 0) <= 256 && nodes.length <= 16 && values.length <= 200);
  assert(nodes.every((node) => node.id.length === 20 && isPlausible(node, STRANGER)));
  assert(values.every(({ port }) => isPort(port)));
  assert(!item || (Number.isSafeInteger(item.seq) && (item.sig?.length ?? 64) === 64));
}

/** Bencode and the packets of the DHT. */
export const KRPC_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget(
    "bencode",
    "any bytes are null, or a value no deeper than 8 with fewer parts than bytes",
    () => ({
      inputs: mutated(KRPC),
      check(bytes) {
        const value = readBencode(Buffer.from(bytes));
        if (value === null) return;
        const { count, depth } = extent(value);
        assert(count <= bytes.length && depth <= MAX_DEPTH);
      },
    }),
  ),
  fuzzTarget("bencode-writer", "what is written is read as the same", () => ({
    inputs: value,
    check(value) {
      const read = readBencode(Buffer.from(writeBencode(value)));
      assert(read !== null);
      same(plain(read), plain(value));
    },
  })),
  fuzzTarget(
    "krpc-packet",
    "any datagram is null, or a message with every field of the right type and size",
    () => ({
      inputs: mutated(KRPC),
      check(packet) {
        const message = readPacket(packet);
        if (!message) return;
        assert(packet.length <= MAX_PACKET_BYTES && message.t.length >= 1 && message.t.length <= 32);
        same(message.t.buffer.byteLength, packet.length, "it keeps the whole datagram");
        if (message.y === "q") {
          assert(
            message.q.length <= 32 && message.a.id.length === 20 && isDict(message.a),
          );
        }
        if (message.y === "e") {
          assert(
            typeof message.code === "number" && message.message.length <= packet.length,
          );
        }
        checkReply(packet);
      },
    }),
  ),
];
