import { assert } from "@std/assert";
import { parseInvitations } from "../../../lib/access/_invitation_store.ts";
import { bytesToText, textToBytes } from "../../../lib/access/_text.ts";
import { parseAllowList } from "../../../lib/access/allow_list.ts";
import { makeToken, readToken } from "../../../lib/access/invitation.ts";
import { makeProof, verifyProof } from "../../../lib/access/proof.ts";
import { Identity, parsePeerId } from "../../../lib/identity/mod.ts";
import { readSeed } from "../../../lib/identity/key_file.ts";
import { Buffer } from "node:buffer";
import { createPublicKey } from "node:crypto";
import { KEY_FILES } from "../_corpus.ts";
import { expectOnly, same, unpolluted } from "../_expect.ts";
import * as fc from "../_fast_check.ts";
import { mutated, mutatedText } from "../_inputs.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const NOW = Date.UTC(2026, 10, 27);
const guest = new Identity(new Uint8Array(32).fill(1));
const host = new Identity(new Uint8Array(32).fill(2));
const TERMS = { key: "00112233445566778899aabb", expires: NOW + 1000, uses: 3 };

const LISTS = [
  `${guest.id}\n`,
  `# friends\nann ${guest.id} # since May\n\nbob\t${host.id}\r\n`,
  `skip://${guest.id}\npk:${host.id}\n${guest.id}.skip.alt`,
];
const INVITATIONS = [
  { version: 1, invitations: [{ ...TERMS, revoked: false, peers: [guest.id] }] },
  { version: 1, invitations: [] },
].map((one) => JSON.stringify(one));

/** The ids that a list names by the plainest reading: what stands last on a line before any `#`. */
function lastWords(text: string): string[] {
  return text.split("\n").map((line) => line.split("#", 1)[0]!.trim().split(/\s+/).at(-1)!).filter(Boolean);
}

/** The PEM text with bytes changed inside of it. */
const key = fc.oneof(
  mutatedText(KEY_FILES, ["-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----", "\n", "=="], 8_192),
  mutated(KEY_FILES.flatMap((pem) => derOf(pem) ?? [])).map((der) =>
    `-----BEGIN PRIVATE KEY-----\n${der.toBase64()}\n-----END PRIVATE KEY-----\n`
  ),
);

function derOf(pem: string): Uint8Array[] | undefined {
  const [, base64] = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(pem) ?? [];
  return base64 === undefined ? undefined : [Uint8Array.fromBase64(base64)];
}

/** Who may come in, and who we are. */
export const ACCESS_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget(
    "proof",
    "no header but the very one that was made proves an id, and only to whom it was made for",
    () => {
      const good = makeProof(guest, host.id, NOW);
      const bytes = textToBytes(good, 121)!;
      return {
        inputs: fc.oneof(mutatedText([good]), mutated([bytes]).map(bytesToText), fc.constant(good)),
        check(text) {
          const verdict = verifyProof(text, host.id, NOW);
          same(
            verdict,
            text === good ? { id: guest.id } : { fault: "fault" in verdict ? verdict.fault : "malformed" },
          );
          assert("fault" in verifyProof(text, guest.id, NOW));
        },
      };
    },
    2,
  ),
  fuzzTarget(
    "token",
    "no text but the very one that was made is an invitation, and only of whom made it",
    () => {
      const good = makeToken(host, TERMS);
      const bytes = textToBytes(good, 83)!;
      return {
        inputs: fc.oneof(mutatedText([good]), mutated([bytes]).map(bytesToText), fc.constant(good)),
        check(text) {
          same(readToken(text, host.publicKey), text === good ? TERMS : undefined);
          same(readToken(text, guest.publicKey), undefined);
        },
      };
    },
    2,
  ),
  fuzzTarget("header-text", "bytes have one text, and no other text stands for them", () => ({
    inputs: fc.oneof(
      mutatedText(["AAAA", "_-9_", "AA", "AAE"], ["=", "+", "/"], 64),
      fc.uint8Array({ maxLength: 40 }),
    ),
    check(input) {
      const text = typeof input === "string" ? input : bytesToText(input);
      for (let length = 0; length <= 48; length++) {
        const bytes = textToBytes(text, length);
        if (bytes) same([bytes.length, bytesToText(bytes)], [length, text]);
      }
      if (typeof input !== "string" && input.length > 0) same(textToBytes(text, input.length), input);
    },
  })),
  fuzzTarget("peer-id", "any text is a SyntaxError, or an id that stands for 32 bytes in one way", () => ({
    inputs: mutatedText([guest.id, `skip://${guest.id}`, `pk:${guest.id}`, `${guest.id}.skip.alt/`], [
      ".skip.alt",
      "skip://",
    ]),
    check(text) {
      const read = expectOnly(() => parsePeerId(text), SyntaxError);
      if (!read) return;
      same([read.id.length, read.publicKey.length], [52, 32]);
      same(parsePeerId(read.id), read);
      assert(text.toLowerCase().includes(read.id));
    },
  })),
  fuzzTarget(
    "allow-list",
    "any file is a SyntaxError that names a line, or ids that stand in it outside of comments",
    () => ({
      inputs: mutatedText(LISTS, [guest.id, host.id, "# ", "\n", "\n# "]),
      check(text) {
        const ids = expectOnly(() => parseAllowList(text), SyntaxError);
        if (!ids) return;
        const named = lastWords(text).map((word) => expectOnly(() => parsePeerId(word).id, SyntaxError));
        same([...ids].sort(), [...new Set(named)].sort());
      },
    }),
  ),
  fuzzTarget(
    "invitations-file",
    "any file is a SyntaxError, or invitations within all limits that are written as the same",
    () => ({
      inputs: mutatedText(INVITATIONS, [
        '"key":',
        '"uses":',
        '"peers":[',
        '"revoked":true',
        `"${host.id}"`,
        "[[",
        ",",
      ]),
      check(text) {
        const read = expectOnly(() => parseInvitations(text), SyntaxError);
        unpolluted();
        if (!read) return;
        assert(read.length <= 1000);
        for (const { key, uses, peers, revoked } of read) {
          assert(
            typeof key === "string" && typeof revoked === "boolean" && uses >= 1 && peers.length <= uses,
          );
        }
        same(parseInvitations(JSON.stringify({ version: 1, invitations: read })), read);
      },
    }),
  ),
  fuzzTarget(
    "key-file",
    "any file is a SyntaxError without its contents, or the very key that it holds",
    () => ({
      inputs: key,
      check(text) {
        const seed = expectOnly(() => readSeed(text, "x.pem"), SyntaxError);
        if (!seed) return;
        same(seed.length, 32);
        const [pem] = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(text) ?? [];
        const spki = createPublicKey(pem!).export({ format: "der", type: "spki" });
        same(new Identity(seed).publicKey.toHex(), Buffer.from(spki).subarray(-32).toString("hex"));
      },
    }),
    3,
  ),
];
