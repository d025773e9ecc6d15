import { assertEquals } from "@std/assert";
import { concat } from "../../lib/bytes.ts";
import { TlsWitness } from "../../lib/tunnel/_tls_witness.ts";

const record = (type: number, length: number) =>
  concat(Uint8Array.of(type, 3, 3, length >> 8, length & 255), new Uint8Array(length));

const HELLO = record(22, 300);
const CHANGE_CIPHER_SPEC = record(20, 1);

const CASES: { name: string; sent: Uint8Array; refused: boolean | undefined }[] = [
  { name: "nothing", sent: new Uint8Array(), refused: undefined },
  { name: "a hello alone", sent: HELLO, refused: undefined },
  {
    name: "an encrypted alert",
    sent: concat(HELLO, CHANGE_CIPHER_SPEC, record(23, 19)),
    refused: true,
  },
  { name: "Finished of SHA-256", sent: concat(HELLO, CHANGE_CIPHER_SPEC, record(23, 53)), refused: false },
  { name: "Finished of SHA-384", sent: concat(HELLO, record(23, 69)), refused: false },
  { name: "a second hello, then Finished", sent: concat(HELLO, HELLO, record(23, 69)), refused: false },
  {
    name: "an alert after Finished, which is a goodbye",
    sent: concat(HELLO, record(23, 69), record(23, 19)),
    refused: false,
  },
];

for (const { name, sent, refused } of CASES) {
  Deno.test(`TlsWitness judges ${name}`, () => {
    const whole = new TlsWitness();
    whole.see(sent);
    const byteByByte = new TlsWitness();
    for (const byte of sent) byteByByte.see(Uint8Array.of(byte));
    assertEquals([whole.refused, byteByByte.refused], [refused, refused]);
  });
}
