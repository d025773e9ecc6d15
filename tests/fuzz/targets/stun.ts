import { assert } from "@std/assert";
import {
  decodeAddress,
  decodeStun,
  decodeXorAddress,
  encodeStun,
  encodeXorAddress,
  STUN_HEADER_BYTES,
  STUN_MAX_BODY_BYTES,
  StunAttribute,
  stunBodyLength,
  type StunMessage,
  StunType,
  unknownRequired,
} from "../../../lib/candidates/stun.ts";
import { answerChecks, askObserver, checkPath } from "../../../lib/check/mod.ts";
import { decodeOutcome, decodeProbe, encodeOutcome, encodeProbe } from "../../../lib/check/probe.ts";
import { concat } from "../../../lib/bytes.ts";
import { isPort } from "../../../lib/endpoint.ts";
import { PeerError } from "../../../lib/errors.ts";
import { Identity } from "../../../lib/identity/mod.ts";
import { STUN } from "../_corpus.ts";
import { same } from "../_expect.ts";
import * as fc from "../_fast_check.ts";
import { endpoint, mutated, noise } from "../_inputs.ts";
import { failureOf, settles } from "../_settles.ts";
import { cut, inPieces, SpokenStream } from "../_stream.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const identity = new Identity(new Uint8Array(32).fill(1));
const transactionId = Uint8Array.from({ length: 12 }, (_, i) => i);
/** Requests that one connection may make, and the longest answer. */
const MAX_ANSWERS = 64;
/** First bytes of a connection that carries something else. */
const TLS_HEAD = Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, ...new Array(20).fill(7));

const message: fc.Arbitrary<StunMessage> = fc.record({
  type: fc.oneof(fc.constantFrom(...Object.values(StunType)), fc.nat(0x3ff)),
  transactionId: fc.constant(transactionId),
  attributes: fc.array(
    fc.tuple(fc.oneof(fc.constantFrom(...Object.values(StunAttribute)), fc.nat(0xffff)), noise(40)),
    { maxLength: 10, size: "max" },
  ).map((list) => new Map(list)),
});

/** A connection on which several requests come, and perhaps TLS. */
const conversation = inPieces(
  fc.array(fc.oneof(mutated(STUN), message.map(encodeStun), fc.constant(TLS_HEAD)), { maxLength: 4 })
    .map((parts) => concat(...parts)),
);

/** Every message in what was written; throws if anything is left over. */
function messagesIn(bytes: Uint8Array): StunMessage[] {
  const messages: StunMessage[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = stunBodyLength(bytes.subarray(at));
    assert(length !== null, "an answer has no header, or is too long");
    const end = at + STUN_HEADER_BYTES + length;
    const one = decodeStun(bytes.subarray(at, end));
    assert(one, "an answer cannot be read");
    messages.push(one);
    at = end;
  }
  return messages;
}

/** What comes in answer to a request: `answer` with the request's own transaction id, or as it is. */
function answering(answer: Uint8Array, isOurs: boolean, places: readonly number[]) {
  return (request: Uint8Array) => {
    const bytes = Uint8Array.from(answer);
    if (isOurs && bytes.length >= STUN_HEADER_BYTES) bytes.set(request.subarray(8, 20), 8);
    return cut(bytes, places);
  };
}

const answer = fc.record({
  bytes: fc.oneof(mutated(STUN), message.map(encodeStun)),
  isOurs: fc.boolean(),
  places: fc.array(fc.nat(65_535), { maxLength: 3 }),
  remote: endpoint,
});

/** STUN, and what is built on it: the check of a path, and observers. */
export const STUN_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget("stun", "any bytes are null, or a message whose attributes fit into it", () => ({
    inputs: fc.oneof(mutated(STUN), message.map(encodeStun)),
    check(bytes) {
      const message = decodeStun(bytes);
      if (!message) return;
      const size = [...message.attributes.values()].reduce((sum, value) => sum + 4 + value.length, 0);
      assert(size <= STUN_MAX_BODY_BYTES && message.transactionId.length === 12);
      assert(unknownRequired(message).every((type) => type < 0x8000));
      for (const value of message.attributes.values()) {
        const seen = [decodeAddress(value), decodeXorAddress(value, message.transactionId)];
        assert(seen.every((e) => e === null || isPort(e.port)));
        [decodeProbe(value), decodeOutcome(value)];
      }
    },
  })),
  fuzzTarget("stun-writer", "what is written is read as the same", () => ({
    inputs: fc.tuple(message, endpoint, fc.constantFrom("tcp" as const, "udp" as const)),
    check([message, endpoint, transport]) {
      same(decodeStun(encodeStun(message)), message);
      const value = encodeXorAddress(endpoint, transactionId);
      same(decodeXorAddress(value, transactionId), endpoint);
      const probe = { transport, port: endpoint.port };
      same(decodeProbe(encodeProbe(probe)), probe);
      same(decodeOutcome(encodeOutcome("declined")), "declined");
    },
  })),
  fuzzTarget(
    "check-answers",
    "a serving peer answers any connection in whole messages, gives it to TLS, or closes it",
    () => ({
      inputs: conversation,
      async check(pieces) {
        const stream = new SpokenStream(pieces);
        const probe = () => Promise.resolve("silence" as const);
        const path = await settles(answerChecks(stream, identity, { probe }));
        assert(messagesIn(stream.written).length <= MAX_ANSWERS);
        same(path === null, stream.isClosed);
        if (path) same([path.head[0], path.head.length], [22, STUN_HEADER_BYTES]);
      },
    }),
    2,
  ),
  fuzzTarget("check-path", "no answer but one that the peer has signed proves a path", () => ({
    inputs: answer,
    async check({ bytes, isOurs, places, remote }) {
      const stream = new SpokenStream([], remote, answering(bytes, isOurs, places));
      const error = await failureOf(checkPath(stream, identity.publicKey));
      assert(
        error instanceof PeerError && error.code === "not-proven",
        "a path was proven, or failed in another way",
      );
      assert(stream.isClosed);
    },
  }), 11),
  fuzzTarget(
    "observer",
    "an observer's answer is an address that it can have seen, or an error that closes the connection",
    () => ({
      inputs: answer,
      async check({ bytes, isOurs, places, remote }) {
        const stream = new SpokenStream([], remote, answering(bytes, isOurs, places));
        const probe = { transport: "tcp" as const, port: 7000 };
        const asking = askObserver(stream, { probe });
        if (await failureOf(asking) !== undefined) return assert(stream.isClosed);
        const { mapped } = await asking;
        assert(isPort(mapped.port) && !stream.isClosed);
        assert(stream.taken <= STUN_HEADER_BYTES + STUN_MAX_BODY_BYTES);
      },
    }),
    2,
  ),
];
