import { assert } from "@std/assert";
import dns from "dns-packet";
import { Buffer } from "node:buffer";
import { equalBytes } from "../../../lib/bytes.ts";
import { signItem, verifyItem } from "../../../lib/discovery/item.ts";
import { packList, unpackList } from "../../../lib/discovery/knock_list.ts";
import { decodeRecord, encodeRecord, MAX_RECORD_BYTES } from "../../../lib/discovery/record.ts";
import { MAX_BOX_BYTES } from "../../../lib/discovery/seal.ts";
import type { ServiceRecord } from "../../../lib/discovery/types.ts";
import { addressScope, isPort } from "../../../lib/endpoint.ts";
import { PeerError } from "../../../lib/errors.ts";
import { Identity } from "../../../lib/identity/mod.ts";
import { same } from "../_expect.ts";
import * as fc from "../_fast_check.ts";
import { candidate, endpoint, mutated, mutatedText, nat, port, rubbish } from "../_inputs.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const identity = new Identity(new Uint8Array(32).fill(3));
const { id, publicKey } = identity;
const USABLE = ["global", "private", "loopback", "link-local"];
const isUsable = ({ hostname }: { hostname: string }) => USABLE.includes(addressScope(hostname));

const record: fc.Arbitrary<ServiceRecord> = fc.record({
  candidates: fc.array(candidate.filter(isUsable), { maxLength: 16, size: "max" }),
  nat,
  ports: fc.array(port, { minLength: 1, maxLength: 16 }),
  dht: endpoint.filter(isUsable),
  sealKey: rubbish(32, 32),
}, { requiredKeys: ["candidates", "nat", "sealKey"] });

const CORPUS = fc.sample(record, { seed: 1, numRuns: 24 }).map((one) => encodeRecord(publicKey, one));
const KEY = `key=${"A".repeat(43)}`;
const STRINGS = [
  [
    "v=1",
    KEY,
    "nat=preserving/port",
    "p=1,2,65536,0x10",
    "dht=203.0.113.9:1",
    "h=10.0.0.1:1",
    "r=[2001:db8::9]:65535",
  ],
  ["v=2", KEY],
  ["v=1", "key=", "key", "=", ""],
];

/** A well-formed DNS packet whose strings have something changed in them. */
const packet = fc.array(mutatedText(STRINGS.flat(), [], 255), { maxLength: 20, size: "max" }).map(
  (strings) => {
    const data = strings.map((text) => Buffer.from(text).subarray(0, 255));
    const answer = {
      type: "TXT",
      name: `_skip.${id}`,
      ttl: 300,
      data: [Buffer.from("v=1"), Buffer.from(KEY), ...data],
    };
    return Uint8Array.from(dns.encode({ type: "response", id: 0, flags: 0, answers: [answer] }));
  },
);

function checkRecord(v: Uint8Array): void {
  const read = decodeRecord(publicKey, v);
  if (read instanceof PeerError) return same(read.code, "bad-record");
  const { candidates, dht, ports, sealKey } = read;
  assert(candidates.length <= 16 && (ports?.length ?? 0) <= 16 && sealKey.length === 32);
  assert([...candidates, ...(dht ? [dht] : [])].every((e) => isPort(e.port) && isUsable(e)));
  assert(ports?.every(isPort) ?? true);
  const again = decodeRecord(publicKey, encodeRecord(publicKey, read));
  same(again, {
    ...read,
    candidates: candidates.slice(0, (again as ServiceRecord).candidates.length),
  });
}

/** Records, items, and lists of knocks. */
export const RECORD_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget(
    "record",
    "any item is an error with its reason, or a record within all limits that can be written again",
    () => ({
      inputs: fc.oneof(mutated(CORPUS), packet),
      check: checkRecord,
    }),
    4,
  ),
  fuzzTarget(
    "record-writer",
    "a record that is written fits into an item, and is read as the same but for the last candidates",
    () => ({
      inputs: record,
      check(record) {
        const v = encodeRecord(publicKey, record);
        assert(v.length <= MAX_RECORD_BYTES);
        const read = decodeRecord(publicKey, v) as ServiceRecord;
        same(read, { ...record, candidates: record.candidates.slice(0, read.candidates.length) });
      },
    }),
    6,
  ),
  fuzzTarget("item", "an item counts as it was signed, and with nothing changed in it", () => {
    const v = CORPUS[0]!;
    const good = signItem(identity, 7, v);
    return {
      inputs: fc.record({
        k: fc.oneof(fc.constant(publicKey), mutated([publicKey])),
        seq: fc.oneof(fc.constant(7), fc.maxSafeInteger(), fc.double()),
        sig: fc.oneof(fc.constant(good.sig), mutated([good.sig])),
        v: fc.oneof(fc.constant(v), mutated([v])),
      }, { requiredKeys: ["seq", "v"] }),
      check(item) {
        const isGood = item.seq === 7 && equalBytes(item.v, v) &&
          equalBytes(item.k ?? publicKey, publicKey) &&
          equalBytes(item.sig ?? new Uint8Array(), good.sig);
        same(verifyItem(item, publicKey) !== undefined, isGood);
      },
    };
  }),
  fuzzTarget("knock-list", "any list gives boxes of a right size that together are no longer than it", () => {
    const lists = [[100, 200], [300], [1]].map((sizes) =>
      packList(sizes.map((size) => new Uint8Array(size).fill(size)))
    );
    return {
      inputs: fc.oneof(mutated(lists), fc.array(rubbish(300), { maxLength: 6 }).map(packList)),
      check(list) {
        const boxes = unpackList(list);
        assert(boxes.every(({ length }) => length > 0 && length <= MAX_BOX_BYTES));
        const packed = packList(boxes);
        assert(boxes.length === 0 || equalBytes(packed, list.subarray(0, packed.length)));
      },
    };
  }),
];
