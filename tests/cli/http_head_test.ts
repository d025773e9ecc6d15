import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { destination, HeadError, originHead, parseHead, readHead } from "../../cli/_http_head.ts";
import { tcpPair } from "../_streams.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** What `readHead` makes of bytes that come in these parts. */
async function read(...parts: string[]) {
  const [near, far] = await tcpPair();
  try {
    const reading = readHead(far);
    reading.catch(() => {});
    for (const part of parts) await near.write(utf8(part));
    await near.closeWrite();
    return await reading;
  } finally {
    near.close();
    far.close();
  }
}

Deno.test("readHead() finds the end of the head wherever the pieces are cut", async () => {
  const whole = "POST http://h/ HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
  for (
    const cut of [
      1,
      30,
      whole.length - 9,
      whole.length - 8,
      whole.length - 7,
      whole.length - 6,
      whole.length - 5,
    ]
  ) {
    const { head, rest } = await read(whole.slice(0, cut), whole.slice(cut));
    assertEquals([head.method, head.target, head.bodyBytes], ["POST", "http://h/", 5]);
    assertEquals("hello".startsWith(text(rest)), true);
  }
});

Deno.test("readHead() ends at 32 KiB, and when the client ends in the middle", async () => {
  const error = await assertRejects(() => read(`GET / HTTP/1.1\r\nX: ${"x".repeat(32 * 1024)}`), HeadError);
  assertEquals(error.status.slice(0, 3), "431");
  await assertRejects(() => read("GET / HTTP/1.1\r\nHost:"), Deno.errors.UnexpectedEof);
});

const FIRST = "GET http://h/ HTTP/1.1";
const REFUSED: [what: string, head: string, status: string][] = [
  ["nothing", "", "400"],
  ["garbage", "\x16\x03\x01\x00", "400"],
  ["HTTP/2", "PRI * HTTP/2.0", "400"],
  ["HTTP/0.9", "GET /", "400"],
  ["two spaces", "GET  http://h/ HTTP/1.1", "400"],
  ["a method with a control character", "GE\tT http://h/ HTTP/1.1", "400"],
  ["a target beyond ASCII", "GET http://h/\xff HTTP/1.1", "400"],
  ["a bare line feed between headers", `${FIRST}\r\nA: b\nContent-Length: 5`, "400"],
  ["a bare carriage return in a value", `${FIRST}\r\nA: b\rContent-Length: 5`, "400"],
  ["a NUL in a value", `${FIRST}\r\nA: \0`, "400"],
  ["a folded header", `${FIRST}\r\nA: b\r\n c`, "400"],
  ["a space before the colon", `${FIRST}\r\nContent-Length : 5`, "400"],
  ["a header without a colon", `${FIRST}\r\nHost`, "400"],
  ["a header without a name", `${FIRST}\r\n: x`, "400"],
  ["two lengths", `${FIRST}\r\nContent-Length: 5\r\nContent-Length: 6`, "400"],
  ["two equal lengths", `${FIRST}\r\nContent-Length: 5\r\ncontent-length: 5`, "400"],
  ["a list of lengths", `${FIRST}\r\nContent-Length: 5, 5`, "400"],
  ["a signed length", `${FIRST}\r\nContent-Length: +5`, "400"],
  ["a hexadecimal length", `${FIRST}\r\nContent-Length: 0x5`, "400"],
  ["a length without a bound", `${FIRST}\r\nContent-Length: ${"9".repeat(16)}`, "400"],
  ["an empty length", `${FIRST}\r\nContent-Length:`, "400"],
  ["two hosts", `${FIRST}\r\nHost: a\r\nHost: b`, "400"],
  ["a chunked body", `${FIRST}\r\nTransfer-Encoding: chunked`, "411"],
  ["a chunked body in disguise", `${FIRST}\r\nTransfer-Encoding: xchunked`, "411"],
  ["both a length and chunks", `${FIRST}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked`, "411"],
];

for (const [what, head, status] of REFUSED) {
  Deno.test(`parseHead() refuses ${what}`, () => {
    const error = assertThrows(() => parseHead(head), HeadError);
    assertEquals(error.status.slice(0, 3), status);
  });
}

const ID = "ybndrfg8ejkmcpqxot1uwisza345h769ybndrfg8ejkmcpqxot1y";

Deno.test("destination() leads where the request is written", () => {
  const table: [line: string, url: string][] = [
    [`GET http://${ID}.skip.alt/a?b`, `http://${ID}.skip.alt/a?b`],
    ["GET http://h:8080", "http://h:8080/"],
    [`CONNECT ${ID}.skip.alt:443`, `http://${ID}.skip.alt:443/`],
    ["CONNECT [2001:db8::9]:80", "http://[2001:db8::9]/"],
  ];
  for (const [line, url] of table) assertEquals(destination(parseHead(`${line} HTTP/1.1`)).href, url);
});

Deno.test("destination() refuses what leads elsewhere than it seems, or nowhere", () => {
  const refused = [
    ...["GET /", "GET *", "GET https://h/", "GET http://user@h/", "GET http://h/#x", "GET ftp://h/"],
    ...["CONNECT h", "CONNECT h/:443", "CONNECT user@h:443", "CONNECT h?x:443", "CONNECT http://h:443"],
    // To a parser of URLs a backslash is a slash, and port 0 would have become 80.
    ...["CONNECT h\\x:443", "CONNECT h:0", "GET http://h:0/", `GET http://${"h".repeat(256)}/`],
  ];
  for (const line of refused) {
    const error = assertThrows(() => destination(parseHead(`${line} HTTP/1.1`)), HeadError, "", line);
    assertEquals(error.status, "400 Bad Request", line);
  }
});

Deno.test("originHead() names the host of the URL, asks for the end, and drops what is the proxy's", () => {
  const head = parseHead([
    "POST http://real/a?b#c HTTP/1.1",
    "Host: liar",
    "Accept: x, y",
    "Connection: keep-alive, X-Private, content-length",
    "Proxy-Authorization: Basic secret",
    "Proxy-Connection: keep-alive",
    "X-Private: 1",
    "Upgrade: h2c",
    "TE: trailers",
    "X-Latin: gr\xfc\xdfe",
    "Content-Length: 5",
  ].join("\r\n"));
  const sent = originHead(head, new URL("http://real/a?b"));
  assertEquals(new TextDecoder("latin1").decode(sent).split("\r\n"), [
    "POST /a?b HTTP/1.1",
    "Host: real",
    "Accept: x, y",
    "X-Latin: gr\xfc\xdfe",
    "Content-Length: 5",
    "Connection: close",
    "",
    "",
  ]);
});
