import { assertEquals, assertThrows } from "@std/assert";
import { decodePcpMap, encodePcpMap, isPcpUnknown } from "../../../lib/candidates/port_mapping/pcp.ts";
import { addressToBytes } from "../../../lib/endpoint.ts";
import { randomMessages } from "./_messages.ts";

const NONCE = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
const NO_ADDRESS = `${"00".repeat(10)}ffff00000000`;

/** RFC 6887, figures 2, 3 and 9, of a router that maps port 5000 to 6.10.0.1:6000. */
function response({ hostname = "6.10.0.1", result = 0 } = {}): Uint8Array {
  const address = addressToBytes(hostname)!;
  const tail = address.length === 16 ? address.toHex() : `${"00".repeat(10)}ffff${address.toHex()}`;
  const head = `0281000${result}00001c2000000064${"00".repeat(12)}`;
  return Uint8Array.fromHex(`${head}${NONCE.toHex()}06000000${"1388"}${"1770"}${tail}`);
}

Deno.test("encodePcpMap() writes the request of RFC 6887 section 11.1", () => {
  const bytes = encodePcpMap({ nonce: NONCE, client: "192.168.1.5", port: 5000, lifetime: 7200 });
  assertEquals(
    bytes.toHex(),
    `0201000000001c20${"00".repeat(10)}ffffc0a80105${NONCE.toHex()}06000000${"1388"}0000${NO_ADDRESS}`,
  );
});

Deno.test("encodePcpMap() suggests the external endpoint that it is given", () => {
  const suggested = { hostname: "6.10.0.1", port: 6000 };
  const bytes = encodePcpMap({ nonce: NONCE, client: "192.168.1.5", port: 5000, lifetime: 0, suggested });
  assertEquals(bytes.subarray(4, 8).toHex(), "00000000");
  assertEquals(bytes.subarray(42).toHex(), `1770${"00".repeat(10)}ffff060a0001`);
});

Deno.test("encodePcpMap() asks for a pinhole for an IPv6 address", () => {
  const bytes = encodePcpMap({ nonce: NONCE, client: "2001:db8::5", port: 5000, lifetime: 7200 });
  assertEquals(bytes.subarray(8, 24).toHex(), "20010db8000000000000000000000005");
  assertEquals(bytes.subarray(44).toHex(), "00".repeat(16));
});

Deno.test("encodePcpMap() throws TypeError for what is no address", () => {
  const request = { nonce: NONCE, client: "router.local", port: 5000, lifetime: 7200 };
  assertThrows(() => encodePcpMap(request), TypeError, "router.local");
});

Deno.test("decodePcpMap() reads mappings of both families, and refusals", () => {
  const expected = { result: 0, lifetime: 7200, epoch: 100, external: { hostname: "6.10.0.1", port: 6000 } };
  assertEquals(decodePcpMap(response(), NONCE, 5000), expected);
  const pinhole = decodePcpMap(response({ hostname: "2001:db8::5" }), NONCE, 5000);
  assertEquals(pinhole?.external, { hostname: "2001:db8::5", port: 6000 });
  assertEquals(decodePcpMap(response({ result: 2 }), NONCE, 5000)?.result, 2);
});

Deno.test("decodePcpMap() gives null for what does not answer our request", () => {
  const good = response();
  const changed: [what: string, bytes: Uint8Array][] = [
    ["another nonce", good.with(24, 99)],
    ["another port", good.with(41, 1)],
    ["a request", good.with(1, 1)],
    ["another version", good.with(0, 1)],
    ["another operation", good.with(1, 0x82)],
    ["UDP", good.with(36, 17)],
    ["truncated", good.subarray(0, 56)],
    ["not a multiple of four", new Uint8Array([...good, 0])],
    ["too long", new Uint8Array([...good, ...new Uint8Array(1044)])],
    ["empty", new Uint8Array()],
  ];
  for (const [what, bytes] of changed) assertEquals(decodePcpMap(bytes, NONCE, 5000), null, what);
  assertEquals(decodePcpMap(good, NONCE.subarray(0, 8), 5000), null, "a nonce that is none");
});

Deno.test("decodePcpMap() reads past options", () => {
  const option = [3, 0, 0, 0];
  assertEquals(decodePcpMap(new Uint8Array([...response(), ...option]), NONCE, 5000)?.result, 0);
});

Deno.test("isPcpUnknown() tells the two forms of not knowing PCP from everything else", () => {
  assertEquals(isPcpUnknown(Uint8Array.of(0, 129, 0, 1, 0, 0, 0, 9)), true, "NAT-PMP, RFC 6886 section 3.5");
  assertEquals(isPcpUnknown(response({ result: 1 }).with(0, 1)), true, "PCP of another version");
  assertEquals(isPcpUnknown(response()), false);
  assertEquals(
    isPcpUnknown(Uint8Array.of(0, 128, 0, 0, 0, 0, 0, 9, 6, 10, 0, 1)),
    false,
    "an external address",
  );
  assertEquals(isPcpUnknown(new Uint8Array()), false);
});

Deno.test("PCP decoders never throw, and take next to nothing for an answer", () => {
  for (const bytes of randomMessages(response())) {
    isPcpUnknown(bytes);
    const answer = decodePcpMap(bytes, NONCE, 5000);
    if (answer) assertEquals(bytes.subarray(24, 36), NONCE);
  }
});
