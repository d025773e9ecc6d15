import { assertEquals } from "@std/assert";
import {
  decodeNatPmpAddress,
  decodeNatPmpMap,
  encodeNatPmpMap,
  NAT_PMP_ADDRESS_REQUEST,
} from "../../../lib/candidates/port_mapping/nat_pmp.ts";
import { randomMessages } from "./_messages.ts";

/** RFC 6886 section 3.2: 6.10.0.1. */
const ADDRESS = Uint8Array.fromHex("0080000000000064060a0001");
/** Section 3.3: port 5000 is 6000 outside, for two hours. */
const MAPPING = Uint8Array.fromHex("00820000000000641388177000001c20");

Deno.test("encodeNatPmpMap() writes the request of RFC 6886 section 3.3", () => {
  assertEquals(NAT_PMP_ADDRESS_REQUEST.toHex(), "0000");
  assertEquals(
    encodeNatPmpMap(5000, { lifetime: 7200, suggested: 6000 }).toHex(),
    "000200001388177000001c20",
  );
});

Deno.test("encodeNatPmpMap() asks for the end without an external port, as section 3.4 has it", () => {
  assertEquals(encodeNatPmpMap(5000, { lifetime: 0, suggested: 6000 }).toHex(), "000200001388000000000000");
});

Deno.test("the NAT-PMP decoders read what a router answers", () => {
  assertEquals(decodeNatPmpAddress(ADDRESS), { result: 0, hostname: "6.10.0.1" });
  const mapping = { result: 0, epoch: 100, externalPort: 6000, lifetime: 7200 };
  assertEquals(decodeNatPmpMap(MAPPING, 5000), mapping);
  assertEquals(decodeNatPmpMap(MAPPING.with(3, 2), 5000), { ...mapping, result: 2 });
});

Deno.test("the NAT-PMP decoders give null for what does not answer our request", () => {
  assertEquals(decodeNatPmpMap(MAPPING, 5001), null, "another port");
  assertEquals(decodeNatPmpMap(MAPPING.with(1, 129), 5000), null, "UDP");
  assertEquals(decodeNatPmpMap(MAPPING.with(0, 1), 5000), null, "another version");
  assertEquals(decodeNatPmpMap(ADDRESS, 5000), null, "an address");
  assertEquals(decodeNatPmpMap(new Uint8Array([...MAPPING, 0]), 5000), null, "too long");
  assertEquals(decodeNatPmpAddress(MAPPING), null, "a mapping");
  assertEquals(decodeNatPmpAddress(ADDRESS.subarray(0, 11)), null, "truncated");
  assertEquals(decodeNatPmpAddress(new Uint8Array()), null, "empty");
});

Deno.test("the NAT-PMP decoders never throw", () => {
  for (const good of [ADDRESS, MAPPING]) {
    for (const bytes of randomMessages(good)) {
      decodeNatPmpAddress(bytes);
      const mapping = decodeNatPmpMap(bytes, 5000);
      if (mapping) assertEquals(bytes.length, 16);
    }
  }
});
