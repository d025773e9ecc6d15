import { assertEquals } from "@std/assert";
import { decodeStun, newTransactionId, StunType } from "../../lib/candidates/mod.ts";
import {
  decodeOutcome,
  decodeProbe,
  encodeOutcome,
  encodeProbe,
  probeDatagram,
  type ProbeOutcome,
} from "../../lib/check/probe.ts";

Deno.test("decodeProbe() gives back what encodeProbe() was given", () => {
  for (const transport of ["tcp", "udp"] as const) {
    for (const port of [0, 1, 1024, 65535]) {
      assertEquals(decodeProbe(encodeProbe({ transport, port })), { transport, port });
    }
  }
});

Deno.test("decodeProbe() refuses whatever has another form", () => {
  for (const hex of ["", "0600", "06000400ff", "01000400", "06010400"]) {
    assertEquals(decodeProbe(Uint8Array.fromHex(hex)), null, hex);
  }
});

Deno.test("decodeOutcome() reads every outcome and nothing else", () => {
  const outcomes: ProbeOutcome[] = ["in", "silence", "reset", "icmp", "sent", "declined"];
  for (const outcome of outcomes) assertEquals(decodeOutcome(encodeOutcome(outcome)), outcome);
  for (const hex of ["", "06", "ff", "0000"]) assertEquals(decodeOutcome(Uint8Array.fromHex(hex)), null, hex);
});

Deno.test("probeDatagram() is a STUN indication that carries the transaction id", () => {
  const id = newTransactionId();
  const message = decodeStun(probeDatagram(id))!;
  assertEquals([message.type, message.transactionId, message.attributes.size], [StunType.indication, id, 0]);
});
