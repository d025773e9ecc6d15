import { assert, assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import {
  generateSealKeys,
  KnockOpener,
  MAX_BOX_BYTES,
  packKnock,
  type SealKeys,
  sealKnock,
  unpackKnock,
} from "../../lib/discovery/seal.ts";
import { Identity } from "../../lib/identity/mod.ts";
import { seededRandom } from "../simulation.ts";
import { natOf } from "../../lib/nat.ts";

const caller = new Identity(new Uint8Array(32).fill(1));
const server = new Identity(new Uint8Array(32).fill(2));
const NOW = 1_800_000_000_000;
const knock = {
  candidates: [{ hostname: "203.0.113.9", port: 50712 }, { hostname: "2001:db8::9", port: 1 }],
  nat: natOf("dependent"),
};

function seal(keys: SealKeys, options: Partial<Parameters<typeof sealKnock>[1]> = {}) {
  const to = { identity: caller, recipient: server.publicKey, sealKey: keys.publicKey, now: NOW };
  return sealKnock(knock, { ...to, ...options });
}

function opener(keys: SealKeys, now = () => NOW): KnockOpener {
  return new KnockOpener(server.publicKey, keys, now);
}

Deno.test("KnockOpener opens what sealKnock() sealed", async () => {
  const keys = await generateSealKeys();
  const opened = await opener(keys).open(await seal(keys));
  assertEquals(opened, { ...knock, publicKey: caller.publicKey });
});

Deno.test("sealKnock() keeps to eight candidates that are addresses, 16 ports, and the longest box", async () => {
  const keys = await generateSealKeys();
  const many = Array.from({ length: 20 }, (_, i) => ({ hostname: `2001:db8::${i + 1}`, port: 9 }));
  const candidates = [{ hostname: "example.org", port: 1 }, { hostname: "10.0.0.1", port: 0 }, ...many];
  const ports = [0, 70_000, ...Array.from({ length: 30 }, (_, i) => 40_000 + i)];
  const sequence = { next: 40_000, step: 1, rate: 20 };
  const nat = natOf("sequential", { filtering: "port", refusal: "silence", sequence });
  const to = { identity: caller, recipient: server.publicKey, sealKey: keys.publicKey, now: NOW };
  const box = await sealKnock({ candidates, nat, ports }, to);
  assertLessOrEqual(box.length, MAX_BOX_BYTES);
  const opened = await opener(keys).open(box);
  assertEquals([opened?.candidates, opened?.ports, opened?.nat], [many.slice(0, 8), ports.slice(2, 18), nat]);
});

Deno.test("sealKnock() hides who knocks and from where", async () => {
  const keys = await generateSealKeys();
  const hex = (await seal(keys)).toHex();
  assert(!hex.includes(caller.publicKey.toHex()) && !hex.includes("cb007109c618"));
  assert(hex !== (await seal(keys)).toHex());
});

Deno.test("sealKnock() rejects a key that is none", async () => {
  const keys = await generateSealKeys();
  await assertRejects(() => seal(keys, { sealKey: new Uint8Array(31) }));
  await assertRejects(() => seal(keys, { sealKey: new Uint8Array(32) })); // a point of small order
});

Deno.test("KnockOpener opens a box once, also when it comes twice at once", async () => {
  const keys = await generateSealKeys();
  const box = await seal(keys);
  const one = opener(keys);
  const both = await Promise.all([one.open(box), one.open(box)]);
  assertEquals(both.filter((opened) => opened !== undefined).length, 1);
  assertEquals(await one.open(box), undefined);
});

Deno.test("KnockOpener guards against replay through a flood of rubbish", async () => {
  const keys = await generateSealKeys();
  const box = await seal(keys);
  const one = opener(keys);
  assert(await one.open(box));
  for (let i = 0; i < 300; i++) await one.open(crypto.getRandomValues(new Uint8Array(200)));
  assertEquals(await one.open(box), undefined);
});

Deno.test("KnockOpener refuses a box for another key, or sealed for another recipient", async () => {
  const keys = await generateSealKeys();
  assertEquals(await opener(await generateSealKeys()).open(await seal(keys)), undefined);
  const forOther = await seal(keys, { recipient: caller.publicKey });
  assertEquals(await opener(keys).open(forOther), undefined);
});

Deno.test("KnockOpener refuses a box that is more than 10 minutes old or ahead", async () => {
  const keys = await generateSealKeys();
  const box = await seal(keys);
  const at = (minutes: number) => opener(keys, () => NOW + minutes * 60_000).open(box);
  const opened = await Promise.all([-11, -9, 9, 11].map(at));
  assertEquals(opened.map((one) => one !== undefined), [false, true, true, false]);
});

Deno.test("KnockOpener refuses a box with any byte changed, cut or added", async () => {
  const keys = await generateSealKeys();
  const box = await seal(keys);
  const changed = Array.from({ length: box.length }, (_, i) => box.with(i, box[i]! ^ 1));
  const refused = [...changed, box.slice(0, -1), box.slice(1), Uint8Array.from([...box, 0])];
  const outcomes = await Promise.all(refused.map((one) => opener(keys).open(one)));
  assertEquals(outcomes.filter((one) => one !== undefined), []);
});

Deno.test("KnockOpener gives nothing for any bytes", async () => {
  const keys = await generateSealKeys();
  const one = opener(keys);
  const random = seededRandom(3);
  for (let i = 0; i < 1500; i++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 400) }, () => random() * 256);
    assertEquals(await one.open(bytes), undefined);
  }
  assertEquals(await one.open(new Uint8Array(200)), undefined);
});

Deno.test("unpackKnock() reads what packKnock() wrote, and nothing that is cut, longer or changed in a length", () => {
  const body = packKnock({ ...knock, ports: [1, 65_535] }, caller.publicKey, NOW);
  assertEquals(unpackKnock(body), { ...knock, ports: [1, 65_535], publicKey: caller.publicKey, time: NOW });
  for (let length = 0; length < body.length; length++) {
    assertEquals(unpackKnock(body.subarray(0, length)), undefined);
  }
  assertEquals(unpackKnock(new Uint8Array([...body, 0])), undefined);
  const natBytes = 41;
  for (
    const [at, byte] of [[0, 1], [natBytes, 8], [natBytes, 255], [natBytes + 10, 9], [
      natBytes + 11,
      5,
    ]] as const
  ) {
    const changed = Uint8Array.from(body);
    changed[at] = byte;
    assertEquals(unpackKnock(changed), undefined, `${at}`);
  }
});

Deno.test("sealKnock() makes boxes of which five fit a list", async () => {
  const keys = await generateSealKeys();
  const candidates = knock.candidates.slice(0, 1).concat(knock.candidates.slice(0, 1));
  const to = { identity: caller, recipient: server.publicKey, sealKey: keys.publicKey, now: NOW };
  assertLessOrEqual((await sealKnock({ candidates, nat: natOf("open") }, to)).length, 995 / 5 - 2);
});
