import { assert } from "@std/assert";
import { concat, utf8 } from "../../../lib/bytes.ts";
import { PeerError } from "../../../lib/errors.ts";
import { sayHello } from "../../../lib/tunnel/hello.ts";
import { acceptOpenSocks, acceptSocks, SocksError } from "../../../lib/tunnel/socks5.ts";
import { HELLO_PATH, isReserved } from "../../../lib/tunnel/_reserved.ts";
import { TlsWitness } from "../../../lib/tunnel/_tls_witness.ts";
import { PROXY, TLS } from "../_corpus.ts";
import { assertOnly, expectOnly, same } from "../_expect.ts";
import * as fc from "../_fast_check.ts";
import { mutated, mutatedText, noise, port } from "../_inputs.ts";
import { failureOf, settles } from "../_settles.ts";
import { cut, inPieces, SpokenStream } from "../_stream.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const { UnexpectedEof } = Deno.errors;
/** The longest SOCKS conversation: a method, a verdict, and a refusal. */
const MAX_SOCKS_REPLY = 2 + 2 + 10;
/** Greeting with 255 methods, login with two texts of 255, request with a name of 255. */
const MAX_SOCKS_BYTES = 257 + 513 + 262;
const LOGIN = concat(Uint8Array.of(5, 1, 2, 1, 4), utf8("name"), Uint8Array.of(4), utf8("word"));
const WITH_LOGIN = [
  concat(LOGIN, Uint8Array.of(5, 1, 0, 3, 7), utf8("a.local"), Uint8Array.of(1, 187, 22, 3, 1)),
  concat(LOGIN, Uint8Array.of(5, 1, 0, 1, 192, 0, 2, 1, 1, 187)),
  concat(LOGIN, Uint8Array.of(5, 3, 0, 4, ...new Array(16).fill(1), 1, 187)),
];

/** A request as RFC 1928 has it, and what follows it. */
const goodSocks = fc.record({ hostname: fc.stringMatching(/^[a-z0-9.-]{1,60}$/), port, rest: noise(20) });

const HELLOS = [
  "HTTP/1.1 204 No Content\r\nvary: Accept-Encoding\r\ndate: Fri, 27 Nov 2026 00:00:00 GMT\r\n\r\n",
  "HTTP/1.1 403 Forbidden\r\nskip-access: denied\r\nconnection: close\r\ndate: Fri, 27 Nov 2026 00:00:00 GMT\r\n\r\n",
  "HTTP/1.1 404 Not Found\r\n\r\n",
];

/** The record headers of TLS in `bytes`, by a plain reading: whether the first encrypted one is an alert. */
function verdictOf(bytes: Uint8Array): boolean | undefined {
  for (let at = 0; at + 5 <= bytes.length;) {
    const length = bytes[at + 3]! << 8 | bytes[at + 4]!;
    if (bytes[at] === 23) return length === 19;
    at += 5 + length;
  }
  return undefined;
}

/** What opens a tunnel. */
export const TUNNEL_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget(
    "socks5",
    "any client gets where it wants to, is refused in a few bytes, or ends; nothing after its request is read",
    () => ({
      inputs: fc.tuple(fc.boolean(), inPieces(mutated([...PROXY, ...WITH_LOGIN]))),
      async check([isOpen, pieces]) {
        const stream = new SpokenStream(pieces);
        const word = (bytes: Uint8Array) => bytes.length < 100 ? "ticket" : null;
        const accepting = isOpen ? acceptOpenSocks(stream) : acceptSocks(stream, word);
        const error = await failureOf(accepting);
        assertOnly(error, SocksError, UnexpectedEof);
        assert(stream.written.length <= MAX_SOCKS_REPLY && stream.taken <= MAX_SOCKS_BYTES);
        if (error) return;
        const { hostname, port } = await accepting;
        assert(hostname.length <= 255 && port >= 0 && port <= 65_535);
      },
    }),
  ),
  fuzzTarget(
    "socks5-request",
    "a request that is right is understood, and what follows it is left to the next reader",
    () => ({
      inputs: goodSocks,
      async check({ hostname, port, rest }) {
        const name = utf8(hostname);
        const head = concat(
          Uint8Array.of(5, 2, 7, 0, 5, 1, 0, 3, name.length),
          name,
          Uint8Array.of(port >> 8, port & 255),
        );
        const stream = new SpokenStream(cut(concat(head, rest), [3, 9]));
        same(await settles(acceptOpenSocks(stream)), { hostname, port });
        same(stream.taken, head.length);
      },
    }),
  ),
  fuzzTarget(
    "hello",
    "a hello succeeds by 204 alone, is denied by 403 alone, and fails by all else, within 4 KiB",
    () => ({
      inputs: fc.tuple(
        mutatedText(HELLOS, ["HTTP/1.1 204 ", "HTTP/1.1 403 ", "\r\ndate: ", "\r\n\r\n", "€"], 8_192),
        fc.array(fc.nat(65_535), { maxLength: 4 }),
      ),
      async check([characters, places]) {
        const bytes = Uint8Array.from(characters, (character) => character.charCodeAt(0));
        const text = String.fromCharCode(...bytes);
        const stream = new SpokenStream(cut(bytes, places));
        const error = await failureOf(sayHello(stream, { hostname: "a.skip.alt" }));
        assert(stream.taken <= 4096);
        assertOnly(error, PeerError);
        const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(text) ?? [];
        const code = (error as PeerError | undefined)?.code;
        assert(["tunnel-failed", { "204": undefined, "403": "denied" }[status ?? ""]].includes(code));
        const isWhole = bytes.length <= 4096 && text.indexOf("\r\n\r\n") === text.length - 4 &&
          text.length >= 4;
        if (isWhole && status === "403") same(code, "denied");
        if (isWhole && status === "204") same(code, undefined);
      },
    }),
    2,
  ),
  fuzzTarget("reserved-path", "a request is ours by its path alone, however its URL is written", () => ({
    inputs: mutatedText([`https://h${HELLO_PATH}`, "https://h/", "https://h:8/x"], [
      "/.well-known/skip/",
      "%2e",
      "?",
      "#",
    ], 300),
    check(text) {
      const url = expectOnly(() => new Request(text).url, TypeError);
      if (url?.startsWith("https://")) {
        same(isReserved(url), new URL(url).pathname.startsWith("/.well-known/skip/"));
      }
    },
  })),
  fuzzTarget(
    "tls-witness",
    "the first encrypted record of a client tells what it thinks of the certificate, however it is cut",
    () => ({
      inputs: fc.tuple(mutated(TLS), fc.array(fc.nat(65_535), { maxLength: 6 })),
      check([bytes, places]) {
        const witness = new TlsWitness();
        for (const piece of cut(bytes, places)) witness.see(piece);
        same(witness.refused, verdictOf(bytes));
      },
    }),
  ),
];
