import { assert } from "@std/assert";
import { parseKnownNodes } from "../../../lib/discovery/known_nodes.ts";
import {
  addressFamily,
  addressScope,
  addressToBytes,
  bytesToAddress,
  canonicalAddress,
  formatEndpoint,
  isPort,
  parseHostPort,
} from "../../../lib/endpoint.ts";
import { formatNat, parseNat } from "../../../lib/nat.ts";
import { formatNetLine, parseNetLine } from "../../../lib/netcheck/line.ts";
import * as fc from "../_fast_check.ts";
import { address, endpoint, mutatedText, nat } from "../_inputs.ts";
import { expectOnly, same, unpolluted } from "../_expect.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const NATS = [
  "preserving/port/reset",
  "sequential:40012+1@20/port",
  "block:2048-4095/port",
  "random/port/silence/web",
];
const LINES = ["skip1 preserving/port/silence", "skip1 random/port v6", "skip1 preserving/port/reset v6 map"];
const ENDPOINTS = [
  "203.0.113.9:50712",
  "[2001:db8::9]:50712",
  "[::ffff:192.0.2.1]:1",
  "router.bt.ouinet.work:6881",
];
const ADDRESSES = [
  "203.0.113.9",
  "2001:db8::9",
  "::ffff:192.0.2.1",
  "fe80::1%eth0",
  "1:2:3:4:5:6:7:8",
  "::1.2.3.4",
];
const NODES = [
  {
    version: 1,
    address: "203.0.113.9",
    nodes: [{ id: "ab".repeat(20), hostname: "203.0.113.7", port: 6881 }],
  },
  { version: 1, nodes: [{ id: "00".repeat(20), hostname: "192.0.2.1", port: 1 }, null, [], "x", { id: 1 }] },
].map((one) => JSON.stringify(one));

/** Small texts that many messages and files are made of, and the file of known nodes. */
export const TEXT_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget("nat", "any text is null, or a NAT; what is written is read as the same", () => ({
    inputs: fc.oneof(mutatedText(NATS), nat),
    check(input) {
      const known = typeof input === "string" ? parseNat(input) : input;
      if (known) same(parseNat(formatNat(known)), known);
    },
  })),
  fuzzTarget(
    "check-line",
    "any text is null, or what a network does; what is written is read as the same",
    () => ({
      inputs: fc.oneof(mutatedText(LINES), fc.record({ nat, ipv6: fc.boolean(), mapped: fc.boolean() })),
      check(input) {
        const line = typeof input === "string" ? parseNetLine(input) : input;
        if (line) same(parseNetLine(formatNetLine(line)), line);
      },
    }),
  ),
  fuzzTarget(
    "endpoint",
    "HOST:PORT is a SyntaxError, or a host without spaces and a port; what is written is read as the same",
    () => ({
      inputs: fc.oneof(mutatedText(ENDPOINTS), endpoint),
      check(input) {
        const text = typeof input === "string" ? input : formatEndpoint(input);
        const read = expectOnly(() => parseHostPort(text), SyntaxError);
        if (typeof input !== "string") same(read, input);
        if (read) assert(isPort(read.port) && read.hostname !== "" && !/\s/.test(read.hostname));
      },
    }),
  ),
  fuzzTarget("address", "an address has one canonical text, and its bytes give that text again", () => ({
    inputs: fc.oneof(mutatedText(ADDRESSES, [], 64), address),
    check(text) {
      const bytes = addressToBytes(text);
      assert(bytes !== null || addressFamily(text) === 0);
      addressScope(text);
      if (!bytes) return same(canonicalAddress(text), text);
      assert(bytes.length === 4 || bytes.length === 16);
      const canonical = bytesToAddress(bytes);
      same([canonicalAddress(text), canonicalAddress(canonical)], [canonical, canonical]);
      same(addressScope(canonical), addressScope(text));
    },
  })),
  fuzzTarget("known-nodes", "any file is a list of nodes, at most 200, each with an IPv4 address", () => ({
    inputs: mutatedText(NODES, ['"nodes":', '"id":', '"port":6881', "[[", "]]", "{", "}", ","]),
    check(text) {
      const { address, nodes } = parseKnownNodes(text);
      assert(nodes.length <= 200 && (address === undefined || addressFamily(address) === 4));
      assert(nodes.every((n) => n.id.length === 20 && addressFamily(n.hostname) === 4 && isPort(n.port)));
      unpolluted();
    },
  })),
];
