import { assert } from "@std/assert";
import { dialable } from "../../../lib/candidates/dialable.ts";
import { equalBytes } from "../../../lib/bytes.ts";
import { ProofAsker, ProofGiver } from "../../../lib/discovery/address_proof.ts";
import { KnockFilter } from "../../../lib/discovery/knock_filter.ts";
import {
  generateSealKeys,
  KnockOpener,
  MAX_KNOCK_CANDIDATES,
  MAX_PORTS,
  packKnock,
  type SealedKnock,
  sealKnock,
  unpackKnock,
} from "../../../lib/discovery/seal.ts";
import { addressFamily, addressScope, canonicalAddress, isPort } from "../../../lib/endpoint.ts";
import { Identity } from "../../../lib/identity/mod.ts";
import { formatNat } from "../../../lib/nat.ts";
import { same } from "../_expect.ts";
import * as fc from "../_fast_check.ts";
import { address, endpoint, mutated, nat, port } from "../_inputs.ts";
import { settles } from "../_settles.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const [HERE, THERE] = ["203.0.113.1", "203.0.113.2"] as const;
const NOW = Date.UTC(2026, 10, 27);
const sender = new Identity(new Uint8Array(32).fill(1));
const recipient = new Identity(new Uint8Array(32).fill(2));

const knock: fc.Arbitrary<Omit<SealedKnock, "publicKey">> = fc.record({
  candidates: fc.array(endpoint, { maxLength: MAX_KNOCK_CANDIDATES, size: "max" }),
  nat,
  ports: fc.array(port, { minLength: 1, maxLength: MAX_PORTS, size: "max" }),
}, { requiredKeys: ["candidates", "nat"] });

const KNOCKS = fc.sample(knock, { seed: 1, numRuns: 24 });
const BODIES = KNOCKS.map((one) => packKnock(one, sender.publicKey, NOW));

function checkLimits({ candidates, nat, ports = [], publicKey }: SealedKnock): void {
  assert(candidates.length <= MAX_KNOCK_CANDIDATES && ports.length <= MAX_PORTS && publicKey.length === 32);
  assert(candidates.every((e) => addressFamily(e.hostname) !== 0 && isPort(e.port)) && ports.every(isPort));
  assert(formatNat(nat).length <= 64);
}

/** A box, with something changed in it or not, as it comes from the network. */
async function boxes() {
  const keys = await generateSealKeys();
  const sealed = await Promise.all(
    KNOCKS.map((one) =>
      sealKnock(one, { identity: sender, recipient: recipient.publicKey, sealKey: keys.publicKey, now: NOW })
    ),
  );
  return { keys, sealed };
}

/** This machine has an address in 192.168.1.0/24 and one in fd00::/64. */
const interfaces = [{ address: "192.168.1.7", prefix: 24 }, { address: "fd00::7", prefix: 64 }];
const inSubnet = (hostname: string) => /^(192\.168\.1\.|fd00::([0-9a-f:]*)$)/.test(hostname);

/** Knocks that come by way of the DHT, and what becomes of the endpoints that somebody else names. */
export const KNOCK_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget(
    "dialable",
    "whoever names what, only global addresses are dialled, and others only of a neighbour or a chosen peer",
    () => ({
      inputs: fc.record({
        named: fc.array(endpoint, { maxLength: 8 }),
        publicAddress: address,
        addresses: fc.array(address, { maxLength: 2 }),
        chosen: fc.boolean(),
      }),
      check({ named, publicAddress, addresses, chosen }) {
        const dialled = dialable(named, { publicAddress, interfaces }, { addresses, chosen });
        const isNeighbour = addresses.includes(publicAddress);
        for (const one of dialled) {
          assert(named.includes(one) && isPort(one.port));
          const scope = addressScope(one.hostname);
          const isInside = isNeighbour || (chosen && inSubnet(canonicalAddress(one.hostname)));
          assert(
            scope === "global" || (scope === "private" && isInside) || (scope === "loopback" && isNeighbour),
            scope,
          );
        }
      },
    }),
  ),
  fuzzTarget(
    "knock",
    "any plaintext is none, or a knock within all limits that is written as the same bytes",
    () => ({
      inputs: fc.oneof(mutated(BODIES), knock.map((one) => packKnock(one, sender.publicKey, NOW))),
      check(body) {
        const knock = unpackKnock(body);
        if (!knock) return;
        checkLimits(knock);
        const { publicKey, time, ...content } = knock;
        if (!Number.isSafeInteger(time)) return;
        same(unpackKnock(packKnock(content, publicKey, time)), knock);
      },
    }),
    2,
  ),
  fuzzTarget("sealed-knock", "only a box that the sender has made for us opens, and only once", async () => {
    const { keys, sealed } = await boxes();
    const fresh = () => new KnockOpener(recipient.publicKey, keys, () => NOW);
    return {
      inputs: fc.oneof({ arbitrary: mutated(sealed), weight: 9 }, {
        arbitrary: fc.constantFrom(...sealed),
        weight: 1,
      }),
      async check(box) {
        const opener = fresh();
        const knock = await settles(opener.open(box));
        same(knock !== undefined, sealed.some((one) => equalBytes(one, box)));
        if (!knock) return;
        checkLimits(knock);
        same(await settles(opener.open(box)), undefined);
      },
    };
  }, 13),
  fuzzTarget(
    "address-proof",
    "a proof counts from where it was asked for alone, with any port, and only who knocks gives one, of the question's length",
    () => {
      const target = new Uint8Array(20).fill(7);
      const [asker, giver] = [new ProofAsker(target, () => 0), new ProofGiver(() => 0)];
      giver.expect(target, 41_000, THERE);
      const question = asker.question(HERE);
      const answer = giver.answer(question, { hostname: THERE, port: 1 })!;
      return {
        inputs: fc.record({
          data: mutated([question, answer]),
          from: fc.oneof(endpoint, fc.record({ hostname: fc.constantFrom(HERE, THERE), port })),
        }),
        check({ data, from }) {
          const isAnswer = data.length === answer.length &&
            equalBytes(data.slice(0, -2), answer.slice(0, -2));
          const named = isAnswer && from.hostname === HERE ? data.at(-2)! << 8 | data.at(-1)! : 0;
          same(asker.answered(data, from), named === 0 ? undefined : named);
          const given = giver.answer(data, from);
          const isQuestion = data.length === question.length &&
            equalBytes(data.slice(0, 12), question.slice(0, 12));
          same(given?.length, isQuestion && from.hostname === THERE ? data.length : undefined);
        },
      };
    },
  ),
  fuzzTarget(
    "knock-filter",
    "whoever knocks, nobody is punched but a global address, or one that he shares",
    () => {
      let now = 0;
      let passed: readonly { hostname: string; port: number }[] = [];
      const filter = new KnockFilter({
        now: () => now += 1_000,
        observations: () => [],
        own: () => [{ hostname: "198.51.100.1", port: 7000 }],
        onKnock: ({ candidates }) => passed = candidates,
      });
      return {
        inputs: fc.record({ from: endpoint, knock, announced: fc.boolean(), own: address }),
        check({ from, knock, announced }) {
          passed = [];
          if (announced) filter.announced(knock.candidates, from);
          else filter.sealed({ ...knock, publicKey: sender.publicKey }, "sealed", from);
          assert(passed.length <= MAX_KNOCK_CANDIDATES);
          const isInside = addressScope(from.hostname) !== "global";
          for (const { hostname, port } of passed) {
            const scope = addressScope(hostname);
            assert(
              isPort(port) && (scope === "global" || (isInside && ["private", "loopback"].includes(scope))),
            );
          }
        },
      };
    },
    2,
  ),
];
