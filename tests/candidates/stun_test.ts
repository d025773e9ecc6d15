import { assertEquals } from "@std/assert";
import {
  decodeAddress,
  decodeStun,
  decodeXorAddress,
  encodeErrorCode,
  encodeStun,
  encodeXorAddress,
  STUN_MAX_BODY_BYTES,
  StunAttribute,
  stunBodyLength,
  StunType,
  unknownRequired,
} from "../../lib/candidates/mod.ts";

const ID = Uint8Array.from({ length: 12 }, (_, i) => i);

/** RFC 5769 section 2.2: the sample response over IPv4, whose mapped address is 192.0.2.1:32853. */
const SAMPLE = Uint8Array.fromHex(
  "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96",
);

Deno.test("decodeStun() reads the test vector of RFC 5769", () => {
  const message = decodeStun(SAMPLE)!;
  assertEquals(message.type, StunType.success);
  const mapped = message.attributes.get(StunAttribute.xorMappedAddress)!;
  assertEquals(decodeXorAddress(mapped, message.transactionId), { hostname: "192.0.2.1", port: 32853 });
});

Deno.test("encodeXorAddress() agrees with the test vector of RFC 5769, IPv6", () => {
  const id = Uint8Array.fromHex("b7e7a701bc34d686fa87dfae");
  const endpoint = { hostname: "2001:db8:1234:5678:11:2233:4455:6677", port: 32853 };
  const bytes = encodeXorAddress(endpoint, id);
  assertEquals(bytes.toHex(), "0002a1470113a9faa5d3f179bc25f4b5bed2b9d9");
  assertEquals(decodeXorAddress(bytes, id), endpoint);
});

Deno.test("decodeStun() gives back what encodeStun() was given", () => {
  const attributes = new Map([[StunAttribute.wanted, Uint8Array.of(1, 2, 3)], [0x8001, new Uint8Array()]]);
  const message = { type: StunType.request, transactionId: ID, attributes };
  assertEquals(decodeStun(encodeStun(message)), message);
});

Deno.test("decodeStun() refuses whatever is not one whole message", () => {
  const good = encodeStun({ type: 1, transactionId: ID, attributes: new Map([[0x8001, new Uint8Array(8)]]) });
  for (let n = 0; n < good.length; n++) assertEquals(decodeStun(good.subarray(0, n)), null, `${n} bytes`);
  const longer = good.slice();
  longer[23] = 9; // the attribute says that it has one byte more than the message
  assertEquals(decodeStun(longer), null);
  const cookie = good.slice();
  cookie[4] = 0;
  assertEquals(decodeStun(cookie), null);
});

Deno.test("stunBodyLength() refuses a length that nobody needs, or that is no multiple of four", () => {
  const header = encodeStun({ type: 1, transactionId: ID, attributes: new Map() });
  const withLength = (n: number) =>
    Uint8Array.from(header, (b, i) => i === 2 ? n >> 8 : i === 3 ? n & 255 : b);
  assertEquals(stunBodyLength(withLength(STUN_MAX_BODY_BYTES)), STUN_MAX_BODY_BYTES);
  for (const n of [STUN_MAX_BODY_BYTES + 4, 65532, 3]) {
    assertEquals(stunBodyLength(withLength(n)), null, `${n}`);
  }
});

Deno.test("decodeXorAddress() refuses malformed values", () => {
  for (
    const hex of [
      "",
      "00",
      "0001a147",
      "0003a147e112a643",
      "0001a147e112a64300",
      "00012112e112a643",
      "00".repeat(21),
    ]
  ) {
    assertEquals(decodeXorAddress(Uint8Array.fromHex(hex), ID), null, hex);
  }
});

Deno.test("decodeAddress() reads addresses of both families, and refuses malformed values", () => {
  const read = (hex: string) => decodeAddress(Uint8Array.fromHex(hex));
  assertEquals(read("00018055c0000201"), { hostname: "192.0.2.1", port: 32853 });
  const ipv6 = { hostname: "2001:db8::11", port: 32853 };
  assertEquals(read("0002805520010db8000000000000000000000011"), ipv6);
  const malformed = [
    "",
    "00",
    "00010000c0000201",
    "00038055c0000201",
    "00018055c000020100",
    "00028055c0000201",
  ];
  for (const hex of malformed) assertEquals(read(hex), null, hex);
});

Deno.test("unknownRequired() names the attributes that RFC 8489 forbids to ignore", () => {
  const attributes = new Map([0x7fff, 0x0020, 0x8028, 0x0006, 0x0003].map((t) => [t, new Uint8Array()]));
  assertEquals(unknownRequired({ type: 1, transactionId: ID, attributes }), [0x7fff, 0x0003]);
});

Deno.test("encodeErrorCode() splits the number as section 14.8 says", () => {
  assertEquals(encodeErrorCode(420, "no").toHex(), "000004146e6f");
});
