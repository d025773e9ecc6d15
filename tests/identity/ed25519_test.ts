import { assertEquals } from "@std/assert";
import { publicKeyOf, seedToKey, signBytes, verifyBytes } from "../../lib/identity/ed25519.ts";

/** RFC 8032 section 7.1. */
const VECTORS = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
];

const hex = (text: string) => Uint8Array.fromHex(text);

for (const { seed, publicKey, message, signature } of VECTORS) {
  Deno.test(`Ed25519 agrees with RFC 8032 on a message of ${message.length / 2} bytes`, () => {
    const key = seedToKey(hex(seed));
    assertEquals(publicKeyOf(key).toHex(), publicKey);
    assertEquals(signBytes(key, hex(message)).toHex(), signature);
    assertEquals(verifyBytes(hex(publicKey), hex(message), hex(signature)), true);
  });
}

Deno.test("verifyBytes() refuses a signature with any bit changed", () => {
  const [{ publicKey, message, signature }] = VECTORS.slice(1) as [typeof VECTORS[number]];
  for (let bit = 0; bit < 512; bit++) {
    const changed = hex(signature);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assertEquals(verifyBytes(hex(publicKey), hex(message), changed), false, `bit ${bit}`);
  }
  assertEquals(verifyBytes(hex(publicKey), hex("73"), hex(signature)), false);
});

Deno.test("verifyBytes() refuses what is malformed, and never throws", () => {
  const [{ publicKey, message, signature }] = VECTORS as [typeof VECTORS[number]];
  const cases: [Uint8Array, Uint8Array][] = [
    [new Uint8Array(), hex(signature)],
    [hex(publicKey).subarray(1), hex(signature)],
    [new Uint8Array(33), hex(signature)],
    [hex(publicKey), new Uint8Array()],
    [hex(publicKey), hex(signature).subarray(1)],
    [hex(publicKey), new Uint8Array(65)],
    [new Uint8Array(32).fill(255), hex(signature)],
    [hex("02".padEnd(64, "0")), hex(signature)], // no point of the curve
  ];
  for (const [key, sig] of cases) assertEquals(verifyBytes(key, hex(message), sig), false);
});
