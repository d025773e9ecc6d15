import { assert } from "@std/assert";
import { QUERY_TIMEOUT_MS } from "../../../lib/discovery/krpc.ts";
import type { Clock } from "../../../lib/discovery/clock.ts";
import { isPlausible } from "../../../lib/discovery/contacts.ts";
import { readPacket } from "../../../lib/discovery/guard.ts";
import { KrpcError } from "../../../lib/discovery/krpc.ts";
import { DhtNode } from "../../../lib/discovery/node.ts";
import type { Reply } from "../../../lib/discovery/types.ts";
import type { Endpoint } from "../../../lib/endpoint.ts";
import { rawBencode, WiredSocket } from "../_dht.ts";
import { KRPC } from "../_corpus.ts";
import * as fc from "../_fast_check.ts";
import { fromSeed, mutated, noise, rubbish } from "../_inputs.ts";
import { failureOf } from "../_settles.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const ID = new Uint8Array(20).fill(7);
const TARGET = new Uint8Array(20).fill(9);
const MAX_OBSERVATIONS = 64;

const contacts = fc.tuple(fc.nat(40), fc.integer()).map(([count, seed]) => fromSeed(26 * count, seed));
/** Addresses with ports, the last of them perhaps cut or longer. */
const peers = fc.tuple(fc.nat(220), fc.integer(), fc.integer({ min: 5, max: 7 })).map(([count, seed, last]) =>
  Array.from({ length: count }, (_, i) => fromSeed(i + 1 === count ? last : 6, seed + i))
);
/** An answer whose fields are of the right kind, mostly. */
const answer = fc.record({
  id: fc.oneof(fc.constant(ID), noise(21)),
  nodes: fc.oneof(contacts, rubbish(60)),
  values: peers,
  token: rubbish(260),
  v: fc.oneof<fc.Arbitrary<unknown>[]>(rubbish(1_000), fc.maxSafeInteger(), fc.constant({})),
  k: fc.constant(new Uint8Array(32)),
  sig: fc.constant(new Uint8Array(64)),
  seq: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(2 ** 60, -1)),
}, { requiredKeys: ["id"] });

/** What comes in answer to a question: with its transaction or another, from the one who was asked or from somebody else. */
const said = fc.record({
  what: fc.oneof(mutated(KRPC), fc.record({ r: answer, ip: noise(18) }, { requiredKeys: ["r"] })),
  isOurs: fc.boolean(),
  isAsked: fc.oneof({ arbitrary: fc.constant(true), weight: 5 }, {
    arbitrary: fc.constant(false),
    weight: 1,
  }),
});
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;

/** A node that asks strangers, of whom each answers in his own way. */
class Asking {
  readonly #node: DhtNode;
  readonly #socket: WiredSocket;
  readonly #timeouts: Set<() => void>;
  #strangers = 0;

  constructor(node: DhtNode, socket: WiredSocket, timeouts: Set<() => void>) {
    this.#node = node;
    this.#socket = socket;
    this.#timeouts = timeouts;
  }

  static async open(): Promise<Asking> {
    const socket = new WiredSocket();
    const timeouts = new Set<() => void>();
    let now = 0;
    const clock: Clock = {
      now: () => now += 10,
      random: () => 0.5,
      schedule(ms, run) {
        if (ms === QUERY_TIMEOUT_MS) timeouts.add(run);
        return () => timeouts.delete(run);
      },
    };
    const node = await DhtNode.open({ bootstrap: [], readOnly: false, id: ID, socket, clock });
    return new Asking(node, socket, timeouts);
  }

  async check(answers: readonly Said[], method: "get" | "getPeers"): Promise<void> {
    const to = this.#stranger();
    this.#socket.sent.length = 0;
    const asking = this.#node[method](to, TARGET);
    const question = readPacket(this.#socket.sent[0]!)!;
    for (const one of answers) {
      this.#socket.onDatagram!(packetOf(one, question.t), one.isAsked ? to : this.#stranger());
    }
    for (const timeout of [...this.#timeouts]) timeout();
    const error = await failureOf(asking);
    if (error === undefined) checkReply(await asking, to);
    else if (!(error instanceof KrpcError) && (error as Error).name !== "TimeoutError") throw error;
    assert(this.#timeouts.size === 0, "a question is still open");
    assert(this.#node.observations().length <= MAX_OBSERVATIONS);
  }

  #stranger(): Endpoint {
    const n = this.#strangers++;
    return { hostname: `11.${n >> 16 & 255}.${n >> 8 & 255}.${n & 255}`, port: 6881 };
  }

  close(): Promise<void> {
    return this.#node.close();
  }
}

function packetOf({ what, isOurs }: Said, transaction: Uint8Array): Uint8Array {
  if (!(what instanceof Uint8Array)) {
    return rawBencode({ ...what, t: isOurs ? transaction : Uint8Array.of(1, 2, 3, 4), y: "r" });
  }
  const bytes = Uint8Array.from(what);
  // Where a real message has its transaction, if it is still there.
  const at = new TextDecoder("latin1").decode(bytes).indexOf("1:t4:");
  if (isOurs && at >= 0 && at + 9 <= bytes.length) bytes.set(transaction, at + 5);
  return bytes;
}

function checkReply({ from, nodes, token, values }: Reply, to: Endpoint): void {
  assert(from.hostname === to.hostname && from.port === to.port && from.id.length === 20);
  assert(nodes.length <= 16 && nodes.every((node) => isPlausible(node, to)));
  assert(values.length <= 200 && values.every(({ port }) => port > 0) && (token?.length ?? 0) <= 256);
}

/** What nodes answer to our own node. */
export const DHT_ANSWER_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget(
    "dht-answers",
    "whatever is answered, a question ends with a reply of whom was asked, a refusal, or in silence",
    async () => {
      const scene = await Asking.open();
      return {
        inputs: fc.tuple(
          fc.array(said, { maxLength: 3 }),
          fc.constantFrom("get" as const, "getPeers" as const),
        ),
        check: ([answers, method]) => scene.check(answers, method),
        close: () => scene.close(),
      };
    },
    6,
  ),
];
