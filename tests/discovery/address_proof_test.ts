import { assertEquals, assertNotEquals } from "@std/assert";
import { ProofAsker, ProofGiver } from "../../lib/discovery/address_proof.ts";

const TARGET = new Uint8Array(20).fill(7);
const OTHER = new Uint8Array(20).fill(8);
const SERVER = { hostname: "203.0.113.9", port: 50712 };
const CALLER = { hostname: "198.51.100.7", port: 41000 };
const STRANGER = { hostname: "198.51.100.8", port: 41000 };

function setUp() {
  const time = { ms: 0 };
  const now = () => time.ms;
  return { time, asker: new ProofAsker(TARGET, now), giver: new ProofGiver(now) };
}

Deno.test("ProofAsker takes the answer of whoever is at the address, and learns his port", () => {
  const { asker, giver } = setUp();
  giver.expect(TARGET, 4711, SERVER.hostname);
  const question = asker.question(CALLER.hostname);
  const answer = giver.answer(question, SERVER)!;
  assertEquals(asker.answered(answer, CALLER), 4711);
  assertEquals(answer.length, question.length); // nobody can use us to send more than he does
});

Deno.test("ProofAsker takes no answer from elsewhere, to a question of others, or too late", () => {
  const { asker, giver, time } = setUp();
  giver.expect(TARGET, 4711, SERVER.hostname);
  const answer = giver.answer(asker.question(CALLER.hostname), SERVER)!;
  assertEquals(asker.answered(answer, STRANGER), undefined);
  assertEquals(new ProofAsker(TARGET, () => time.ms).answered(answer, CALLER), undefined);
  time.ms = 59_000;
  assertEquals(asker.answered(answer, CALLER), 4711);
  time.ms = 120_000;
  assertEquals(asker.answered(answer, CALLER), undefined);
});

Deno.test("ProofAsker survives whatever else comes in", () => {
  const { asker, giver } = setUp();
  giver.expect(TARGET, 4711, SERVER.hostname);
  const question = asker.question(CALLER.hostname);
  const answer = giver.answer(question, SERVER)!;
  const noPort = Uint8Array.from(answer);
  noPort.set([0, 0], answer.length - 2);
  const wrong = [new Uint8Array(), question, answer.slice(1), new Uint8Array(26), noPort];
  for (let i = 0; i < answer.length - 2; i++) {
    const bent = Uint8Array.from(answer);
    bent[i]! ^= 1;
    wrong.push(bent);
  }
  for (const data of wrong) assertEquals(asker.answered(data, CALLER), undefined);
});

Deno.test("ProofGiver answers for half a minute, and only whom it has knocked at", () => {
  const { asker, giver, time } = setUp();
  const question = asker.question(CALLER.hostname);
  assertEquals(giver.answer(question, SERVER), undefined);
  giver.expect(OTHER, 1, SERVER.hostname);
  assertEquals(giver.answer(question, SERVER), undefined);
  giver.expect(TARGET, 4711, SERVER.hostname);
  assertEquals(giver.answer(question, STRANGER), undefined);
  assertEquals(giver.answer(question, { ...SERVER, port: 1 })?.length, 26); // its NAT may have chosen another port
  time.ms = 30_001;
  assertEquals(giver.answer(question, SERVER), undefined);
});

Deno.test("ProofGiver names the port of the newest knock, and forgets the oldest of many", () => {
  const { asker, giver } = setUp();
  giver.expect(TARGET, 1, SERVER.hostname);
  giver.expect(TARGET, 2, SERVER.hostname);
  const question = asker.question(CALLER.hostname);
  assertEquals(asker.answered(giver.answer(question, SERVER)!, CALLER), 2);
  for (let i = 0; i < 40; i++) giver.expect(new Uint8Array(20).fill(100 + i), 1, SERVER.hostname);
  assertEquals(giver.answer(question, SERVER), undefined);
});

Deno.test("ProofAsker asks each address something else", () => {
  const { asker } = setUp();
  assertNotEquals(asker.question(CALLER.hostname), asker.question(STRANGER.hostname));
});
