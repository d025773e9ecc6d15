import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { isDict, isExact, readBencode, writeBencode } from "../../lib/discovery/bencode.ts";

function read(text: string) {
  return readBencode(Buffer.from(text, "latin1"));
}

Deno.test("readBencode() reads what BEP 3 defines", () => {
  assertEquals(read("i42e"), 42);
  assertEquals(read("i-7e"), -7);
  assertEquals(read("i0e"), 0);
  assertEquals(read("4:spam"), Buffer.from("spam"));
  assertEquals(read("0:"), Buffer.alloc(0));
  assertEquals(read("l4:spami1ee"), [Buffer.from("spam"), 1]);
  assertEquals(read("le"), []);
  assertEquals({ ...read("d3:cowi1e4:spamlee") as object }, { cow: 1, spam: [] });
});

const MALFORMED: [text: string, why: string][] = [
  ["", "nothing"],
  ["l-3:e", "a negative length, for which the bencode package never returns"],
  ["-3:abc", "a negative length"],
  ["+3:abc", "a signed length"],
  ["3.0:abc", "a fraction as length"],
  ["03:abc", "a leading zero in a length"],
  ["4:abc", "a length beyond the end"],
  ["99999999999999999999:a", "a length beyond all measure"],
  ["999999999999999999999999:a", "more digits than any number has"],
  [":abc", "no length"],
  ["3", "no colon"],
  ["i-0e", "minus zero"],
  ["i01e", "a leading zero"],
  ["ie", "no digits"],
  ["i1.5e", "a fraction"],
  ["i1", "no end of an integer"],
  ["l", "no end of a list"],
  ["li1e", "no end of a list with items"],
  ["d", "no end of a dictionary"],
  ["d1:ae", "a key without value"],
  ["di1ei2ee", "a key that is no string"],
  ["d1:ai1e1:ai2ee", "a key twice"],
  ["i1ei2e", "something after the end"],
  ["i1e\n", "a line break after the end"],
  ["l".repeat(1000) + "e".repeat(1000), "deep nesting"],
  ["d1:a".repeat(300) + "i1e" + "e".repeat(300), "deep nesting of dictionaries"],
  ["x", "no type"],
  ["e", "an end without beginning"],
];

for (const [text, why] of MALFORMED) {
  Deno.test(`readBencode() refuses ${why}`, () => assertEquals(read(text), null));
}

Deno.test("readBencode() gives no key a special meaning", () => {
  const value = read("d9:__proto__d1:ai1eee");
  if (!isDict(value ?? undefined)) throw new Error("not a dictionary");
  assertEquals(Object.keys(value as object), ["__proto__"]);
  assertEquals(({} as Record<string, unknown>).a, undefined);
});

Deno.test("readBencode() ends for every truncation and every changed byte of a packet", () => {
  const packet = Buffer.from(
    "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aae",
  );
  for (let length = 0; length < packet.length; length++) {
    assertEquals(readBencode(packet.subarray(0, length)), null);
    for (const byte of [0, 0x2d, 0x30, 0x39, 0x3a, 0x64, 0x65, 0x69, 0x6c, 0xff]) {
      const changed = Buffer.from(packet);
      changed[length] = byte;
      readBencode(changed);
    }
  }
});

Deno.test("readBencode() reads every number up to 2^53 as it was written", () => {
  for (const n of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 9_007_199_254_740_967]) {
    assertEquals(read(`i${n}e`), n);
    assertEquals(readBencode(Buffer.from(writeBencode(n))), n);
  }
});

Deno.test("isExact() tells a value that can be written again from one that lost something", () => {
  for (const text of ["i9007199254740991e", "li1e4:spame", "d1:ali-5eee"]) {
    assertEquals(isExact(read(text)!), true, text);
  }
  for (const text of ["i9007199254740992e", "i99999999999999999999e", "d1:ali1ei-9007199254740993eee"]) {
    assertEquals(isExact(read(text)!), false, text);
  }
});

Deno.test("writeBencode() sorts keys, leaves out what is undefined, and is read back", () => {
  const bytes = writeBencode({ b: 1, a: Uint8Array.of(1, 2), c: undefined, seq: 1_800_000_000_000_000 });
  assertEquals(new TextDecoder().decode(bytes), "d1:a2:\x01\x021:bi1e3:seqi1800000000000000ee");
  assertEquals({ ...readBencode(Buffer.from(bytes)) as object }, {
    a: Buffer.of(1, 2),
    b: 1,
    seq: 1_800_000_000_000_000,
  });
});
