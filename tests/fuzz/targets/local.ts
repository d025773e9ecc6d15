import { assert } from "@std/assert";
import {
  CHAT_PROTOCOL,
  cleanName,
  MAX_NAME,
  MAX_TEXT,
  parsePageMessage,
} from "../../../cli/_chat_protocol.ts";
import { CommandError } from "../../../cli/_exit.ts";
import {
  destination,
  HeadError,
  originHead,
  parseHead,
  readHead,
  type RequestHead,
} from "../../../cli/_http_head.ts";
import { lines } from "../../../cli/_lines.ts";
import { parseNames } from "../../../cli/_names.ts";
import { serveProxy } from "../../../cli/_proxy.ts";
import { parseRunning } from "../../../cli/_running.ts";
import type { LocalStream } from "../../../lib/tunnel/mod.ts";
import { Identity } from "../../../lib/identity/mod.ts";
import { PROXY } from "../_corpus.ts";
import { assertOnly, expectOnly, same, unpolluted } from "../_expect.ts";
import * as fc from "../_fast_check.ts";
import { mutated, mutatedText } from "../_inputs.ts";
import { failureOf, settles } from "../_settles.ts";
import { cut, inPieces, SpokenStream } from "../_stream.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const { InvalidData, UnexpectedEof } = Deno.errors;
const { id } = new Identity(new Uint8Array(32).fill(1));
const HEAD_WORDS = [
  ...[
    "\r\n",
    "\r\n\r\n",
    "Content-Length: 5",
    "Transfer-Encoding: chunked",
    "Connection: Host",
    "Host: a",
    "CONNECT ",
    ":0 ",
  ],
  ...[`http://${id}.skip.alt/`, "http://a@b/", "http:a", "HTTP/1.1", " ", "\\", "#", ":443"],
];
const HEADS = PROXY.map((bytes) => new TextDecoder("latin1").decode(bytes)).filter((text) =>
  /HTTP/.test(text)
);
const head = mutatedText(
  [...HEADS, `CONNECT ${id}.skip.alt:443 HTTP/1.1\r\nHost: x\r\n\r\n`],
  HEAD_WORDS,
  40_000,
);
const NAMES = [`ann ${id}\n`, `# friends\nbob ${id} # since May\n\n`];
const RUNNING = ['{"pid":1,"since":1700000000000,"command":"serve","id":"x","detail":"8080"}'];

/** Where a request goes, by a reading of our own. */
function checkDestination(head: RequestHead): void {
  const url = expectOnly(() => destination(head), HeadError);
  if (!url) return;
  same([url.protocol, url.username, url.password, url.hash], ["http:", "", "", ""]);
  const [, authority = ""] = head.method === "CONNECT"
    ? ["", head.target]
    : /^http:[\\/]*([^\\/?]*)/i.exec(head.target) ?? [];
  const [, port] = /:(\d+)$/.exec(authority) ?? [];
  same(Number(url.port || 80), Number(port ?? 80), "it leads to another port than was written");
  if (head.method === "CONNECT") same([url.pathname, url.search], ["/", ""]);
  checkPassedOn(head, url);
}

/** What the server gets is one request, for that host and of the same length. */
function checkPassedOn(head: RequestHead, url: URL): void {
  const sent = new TextDecoder("latin1").decode(originHead(head, url));
  assert(sent.endsWith("\r\n\r\n") && sent.indexOf("\r\n\r\n") === sent.length - 4);
  const again = parseHead(
    Array.from(originHead(head, url), (byte) => String.fromCharCode(byte)).join("").slice(0, -4),
  );
  const values = (name: string) =>
    again.headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
  same([again.method, again.version, again.bodyBytes], [head.method, head.version, head.bodyBytes]);
  same([values("host"), values("connection"), values("upgrade")], [[url.host], ["close"], []]);
}

/** Whoever asks the proxy is led to a peer that says nothing. */
class ProxyScene {
  readonly asked: string[] = [];

  async run(
    pieces: readonly Uint8Array[],
  ): Promise<{ stream: SpokenStream; remote: SpokenStream; error: unknown }> {
    this.asked.length = 0;
    const [stream, remote] = [new SpokenStream(pieces), new SpokenStream([])];
    const peers = {
      use: async <T>(id: string, use: (peer: never) => Promise<T>): Promise<T> => {
        this.asked.push(id);
        return await use({ openStream: () => Promise.resolve(remote) } as never);
      },
    };
    const closing = new AbortController();
    const names = () => Promise.resolve(new Map<string, string>());
    const options = { peers, names, any: false, onFailure: () => {} };
    const error = await failureOf(serveProxy(stream as unknown as LocalStream, options, closing.signal));
    closing.abort();
    return { stream, remote, error };
  }
}

/** What other programs and files on this machine tell a command. */
export const LOCAL_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget(
    "http-head",
    "any head is a HeadError, or one request that leads where it is written and is passed on as one",
    () => ({
      inputs: fc.tuple(head, fc.array(fc.nat(65_535), { maxLength: 4 })),
      async check([text, places]) {
        const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
        const stream = new SpokenStream(cut(bytes, places));
        const reading = readHead(stream);
        const error = await failureOf(reading);
        assertOnly(error, HeadError, UnexpectedEof);
        assert(stream.taken <= 32 * 1024);
        if (error) return;
        const { head, rest } = await reading;
        assert(head.bodyBytes >= 0 && Number.isSafeInteger(head.bodyBytes));
        same(rest, bytes.slice(stream.taken - rest.length, stream.taken));
        checkDestination(head);
      },
    }),
    2,
  ),
  fuzzTarget(
    "proxy",
    "any client of the proxy is led to a peer on port 80 or 443, or refused, and its connection ends",
    () => {
      const scene = new ProxyScene();
      return {
        inputs: inPieces(
          fc.oneof(mutated(PROXY), head.map((text) => Uint8Array.from(text, (c) => c.charCodeAt(0)))),
        ),
        async check(pieces) {
          const { stream, error } = await scene.run(pieces);
          assert(
            scene.asked.every((one) => one === id || /^[a-z0-9]{52}$/.test(one)) && scene.asked.length <= 1,
          );
          assertOnly(error, Error);
          const isKnown = !error || error instanceof UnexpectedEof || error instanceof InvalidData ||
            (error as Error).name === "SocksError";
          assert(isKnown, String(error));
          assert(stream.written.length < 2_000);
        },
      };
    },
    3,
  ),
  fuzzTarget("chat", "any message of a page is none, or a text, a name or a ping within its bounds", () => ({
    inputs: mutatedText(
      ['{"type":"say","text":"hello"}', '{"type":"name","name":"Ann"}', '{"type":"ping","id":7}'],
      [CHAT_PROTOCOL, "\\u202e", "\\u0000", '"type":"name",'],
      30_000,
    ),
    check(text) {
      const message = parsePageMessage(text);
      unpolluted();
      if (message?.type === "say") assert(message.text.length <= MAX_TEXT && message.text.trim() !== "");
      const name = message?.type === "name" ? message.name : cleanName(text);
      assert([...name].length <= MAX_NAME && !/[\p{C}\p{Zl}\p{Zp}]/u.test(name) && name === name.trim());
      same(cleanName(name), name);
    },
  })),
  fuzzTarget("lines", "lines of standard input are its text, however it is cut", () => ({
    inputs: fc.tuple(
      mutatedText(["one\ntwo\r\n\nthree", "é😀\n"], ["\n", "\r", "\r\n"], 500),
      fc.array(fc.nat(65_535), { maxLength: 5 }),
    ),
    async check([text, places]) {
      const bytes = new TextEncoder().encode(text);
      const read = await settles(Array.fromAsync(lines(ReadableStream.from(cut(bytes, places)))));
      const whole = new TextDecoder().decode(bytes); // without a byte order mark
      const parts = whole.split("\n");
      const expected = [
        ...parts.slice(0, -1).map((one) => one.replace(/\r$/, "")),
        ...parts.slice(-1).filter(Boolean),
      ];
      same(read, expected);
    },
  }), 2),
  fuzzTarget(
    "names-file",
    "any file of names is an error that names its line, or names with their ids",
    () => ({
      inputs: mutatedText(NAMES, [id, "# ", "\n", "carl "], 2_000),
      check(text) {
        const names = expectOnly(() => parseNames(text.split("\n"), "names"), CommandError);
        for (const [name, peer] of names ?? []) {
          assert(
            /^[a-z][a-z0-9-]{0,31}$/.test(name) && peer.length === 52,
          );
        }
      },
    }),
  ),
  fuzzTarget(
    "running-files",
    "what others write into the folder of running commands is left out, or has all that is shown",
    () => ({
      inputs: mutatedText(RUNNING, ['"pid":', '"since":', '"detail":', "null", "[]"], 5_000),
      check(text) {
        for (const { pid, since, command, id = "", detail = "", reach = "" } of parseRunning(text)) {
          assert(Number.isSafeInteger(pid) && Number.isFinite(since));
          assert([command, id, detail, reach].every((one) => typeof one === "string"));
        }
        unpolluted();
      },
    }),
  ),
];
