import { assert } from "@std/assert";
import { Buffer } from "node:buffer";
import { utf8 } from "../../../lib/bytes.ts";
import { writeBencode } from "../../../lib/discovery/bencode.ts";
import type { Clock } from "../../../lib/discovery/clock.ts";
import { readPacket } from "../../../lib/discovery/guard.ts";
import { signItem, targetOf } from "../../../lib/discovery/item.ts";
import { DhtNode } from "../../../lib/discovery/node.ts";
import type { Endpoint } from "../../../lib/endpoint.ts";
import { Identity } from "../../../lib/identity/mod.ts";
import { KRPC } from "../_corpus.ts";
import { rawBencode, WiredSocket } from "../_dht.ts";
import { same } from "../_expect.ts";
import * as fc from "../_fast_check.ts";
import { mutated, rubbish } from "../_inputs.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

/** What fits any path without fragments. */
const MAX_REPLY_BYTES = 1_500;
/** Nodes that a table holds, for one node of its own: 160 buckets of 20 at the most. */
const MAX_TABLE = 3_200;
const ID = new Uint8Array(20).fill(7);
const identity = new Identity(new Uint8Array(32).fill(3));
const TARGET = targetOf(identity.publicKey);

/** A question; where its token is `good`, it gets the one that the node has given to the asker. */
interface Question {
  readonly q: string;
  readonly a: Record<string, unknown>;
  readonly token: "good" | "bad" | "none";
}

const someId = fc.oneof(
  fc.constantFrom(ID, TARGET),
  rubbish(20, 20),
);
/** Anything that a value may be, as a stranger writes it. */
const anything = fc.oneof(
  rubbish(1_100),
  fc.maxSafeInteger(),
  fc.constantFrom<unknown>(0, 1, -1, 65_536, [], {}, [[1]], { a: {} }, "", utf8("text"), 2 ** 62, 1e19),
);
const question: fc.Arbitrary<Question> = fc.record({
  q: fc.constantFrom(
    "ping",
    "find_node",
    "get_peers",
    "announce_peer",
    "get",
    "put",
    "vote",
    "sample_infohashes",
  ),
  a: fc.record({
    id: someId,
    target: someId,
    info_hash: someId,
    port: anything,
    implied_port: fc.constantFrom<unknown>(0, 1, 2),
    seq: anything,
    cas: anything,
    v: anything,
    salt: rubbish(80),
    k: fc.constantFrom(identity.publicKey, new Uint8Array(32)),
    sig: fc.constantFrom(signItem(identity, 1, utf8("x")).sig, new Uint8Array(64)),
  }, { requiredKeys: ["id"] }),
  token: fc.constantFrom("good", "bad", "none"),
});
/** An item that is right in everything. */
const genuine: fc.Arbitrary<Question> = fc.tuple(fc.nat(1_000), rubbish(900)).map(([seq, v]) => {
  const { k, sig } = signItem(identity, seq, v);
  return { q: "put", a: { id: ID, k, seq, sig, v }, token: "good" };
});

/** A node that asks nobody, and strangers of whom each says one thing. */
class Scene {
  #strangers = 0;
  readonly #node: DhtNode;
  readonly #socket: WiredSocket;

  constructor(node: DhtNode, socket: WiredSocket) {
    this.#node = node;
    this.#socket = socket;
  }

  static async open(): Promise<Scene> {
    const socket = new WiredSocket();
    let now = 0;
    const clock: Clock = { now: () => now += 10, random: () => 0.5, schedule: () => () => {} };
    const node = await DhtNode.open({ bootstrap: [], readOnly: false, id: ID, socket, clock });
    return new Scene(node, socket);
  }

  check(said: Uint8Array | Question): void {
    const from = this.#stranger();
    const packet = said instanceof Uint8Array ? said : this.#packetOf(said, from);
    const replies = this.#socket.say(packet, from);
    assert(replies.length <= 1 && (replies[0]?.length ?? 0) <= MAX_REPLY_BYTES, "it answers with too much");
    if (replies[0]) assert(readPacket(replies[0]), "its answer is none");
    const [pong] = this.#socket.say(
      writeBencode({ t: "aa", y: "q", q: "ping", a: { id: ID } }),
      this.#stranger(),
    );
    same(pong && readPacket(pong)?.y, "r", "it does not answer any more");
    assert(this.#node.size <= MAX_TABLE);
  }

  #packetOf({ q, a, token }: Question, from: Endpoint): Uint8Array {
    const lookUp = { t: "aa", y: "q", q: "get", a: { id: ID, target: a.target ?? TARGET } };
    const [reply] = token === "good" ? this.#socket.say(writeBencode(lookUp), from) : [];
    const known = reply && readPacket(reply);
    const good = known?.y === "r" ? known.r.token : undefined;
    const given = token === "none" ? {} : { token: good ?? Buffer.from("bad") };
    return rawBencode({ t: "aa", y: "q", q, a: { ...a, ...given } });
  }

  /** Nobody has said enough to be limited. */
  #stranger(): Endpoint {
    const n = this.#strangers++;
    return { hostname: `11.${n >> 16 & 255}.${n >> 8 & 255}.${n & 255}`, port: 6881 };
  }

  close(): Promise<void> {
    return this.#node.close();
  }
}

/** Our node in the DHT, with the library inside. */
export const DHT_NODE_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget(
    "dht-node",
    "whatever strangers say, a node answers with one packet at most, and goes on",
    async () => {
      const scene = await Scene.open();
      return {
        inputs: fc.oneof(mutated(KRPC), question, genuine),
        check: (said: Uint8Array | Question) => scene.check(said),
        close: () => scene.close(),
      };
    },
    6,
  ),
];
