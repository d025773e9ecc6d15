import { assertEquals, assertThrows } from "@std/assert";
import { formatPeerId, generateIdentity, parsePeerId } from "../../lib/identity/mod.ts";
import { ID_LENGTH } from "../../lib/identity/id.ts";

const COUNTING = Uint8Array.from({ length: 32 }, (_, i) => i);
const COUNTING_ID = "yyyoryarywdyqnyjbefoadeqbhebnrounoktcfaadrpbs8y7daxo";

Deno.test("formatPeerId() writes z-base-32", () => {
  assertEquals(formatPeerId(new Uint8Array(32)), "y".repeat(52));
  assertEquals(formatPeerId(new Uint8Array(32).fill(255)), `${"9".repeat(51)}o`);
  assertEquals(formatPeerId(COUNTING), COUNTING_ID);
});

Deno.test("formatPeerId() refuses what is no key", () => {
  for (const length of [0, 31, 33, 64]) {
    assertThrows(() => formatPeerId(new Uint8Array(length)), RangeError, `${length}`);
  }
});

Deno.test("parsePeerId() reads what formatPeerId() wrote", () => {
  for (let i = 0; i < 100; i++) {
    const { id, publicKey } = generateIdentity();
    assertEquals(id.length, ID_LENGTH);
    assertEquals(parsePeerId(id), { id, publicKey });
  }
});

Deno.test("parsePeerId() takes an id in the forms that people copy", () => {
  const forms = [
    COUNTING_ID,
    COUNTING_ID.toUpperCase(),
    `  ${COUNTING_ID}\n`,
    `skip://${COUNTING_ID}`,
    `skip://${COUNTING_ID}/`,
    `SKIP://${COUNTING_ID}`,
    `pk:${COUNTING_ID}`,
    `${COUNTING_ID}.skip.alt`,
  ];
  for (const form of forms) {
    assertEquals(parsePeerId(form), { id: COUNTING_ID, publicKey: COUNTING }, form);
  }
});

Deno.test("parsePeerId() refuses a wrong character and says where", () => {
  for (const wrong of ["0", "l", "v", "2", " ", "-", "é", "😀"]) {
    const text = COUNTING_ID.slice(0, 4) + wrong + COUNTING_ID.slice(5);
    const error = assertThrows(() => parsePeerId(text), SyntaxError);
    assertEquals(error.message.includes(`"${wrong}" at position 5 `), true, error.message);
  }
});

Deno.test("parsePeerId() refuses another length", () => {
  const tooLong = `${COUNTING_ID}y`;
  for (const text of ["", "skip://", "y", COUNTING_ID.slice(1), tooLong, COUNTING_ID + COUNTING_ID]) {
    assertThrows(() => parsePeerId(text), SyntaxError, "52 characters");
  }
});

Deno.test("parsePeerId() refuses an id with stray bits, so that each key has one id", () => {
  for (const last of "bndrfg8ejkmcpqxt1uwisza345h769") {
    assertThrows(() => parsePeerId("y".repeat(51) + last), SyntaxError, "last character");
  }
});

Deno.test("parsePeerId() does not print a whole book", () => {
  const error = assertThrows(() => parsePeerId("y".repeat(100_000)), SyntaxError);
  assertEquals(error.message.length < 300, true, error.message.slice(0, 300));
});
