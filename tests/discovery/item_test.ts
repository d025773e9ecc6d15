import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { signItem, targetOf, verifyItem } from "../../lib/discovery/item.ts";
import { Identity, verifyBytes } from "../../lib/identity/mod.ts";

const identity = new Identity(new Uint8Array(32).fill(7));
const value = new Uint8Array([1, 0, 255, 58]);

Deno.test("targetOf() is the SHA-1 of the public key", () => {
  const expected = createHash("sha1").update(identity.publicKey).digest("hex");
  assertEquals(targetOf(identity.publicKey).toHex(), expected);
});

Deno.test("signItem() signs what BEP 44's test vector signs", () => {
  // The example of the BEP: value "12:Hello World!", seq 1; its signature is over "3:seqi1e1:v12:Hello World!".
  const publicKey = Uint8Array.fromHex("77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548");
  const sig = Uint8Array.fromHex(
    "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff" +
      "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01",
  );
  const v = new TextEncoder().encode("Hello World!");
  assertEquals(verifyItem({ seq: 1, sig, v }, publicKey)?.seq, 1);
  assertEquals(targetOf(publicKey).toHex(), "4a533d47ec9c7d95b1ad75f576cffc641853b750");
});

Deno.test("signItem() signs the bencoded entries seq and v", () => {
  const item = signItem(identity, 1234, value);
  const signed = [..."3:seqi1234e1:v4:"].map((c) => c.charCodeAt(0));
  assertEquals(verifyBytes(identity.publicKey, Uint8Array.from([...signed, ...value]), item.sig), true);
});

Deno.test("verifyItem() takes an item without a key, since the key is known", () => {
  const { seq, sig, v } = signItem(identity, 1, value);
  assertEquals(verifyItem({ seq, sig, v }, identity.publicKey)?.k, identity.publicKey);
});

Deno.test("verifyItem() refuses another key, number, value or signature", () => {
  const item = signItem(identity, 5, value);
  const other = new Identity(new Uint8Array(32).fill(8));
  const refused = [
    { ...item, k: other.publicKey },
    { ...item, seq: 6 },
    { ...item, seq: -1 },
    { ...item, seq: 2 ** 53 },
    { ...item, v: value.toReversed() },
    { ...item, sig: item.sig.toReversed() },
    { ...item, sig: new Uint8Array(0) },
    signItem(other, 5, value),
    undefined,
  ];
  assertEquals(refused.map((one) => verifyItem(one, identity.publicKey)), refused.map(() => undefined));
});
