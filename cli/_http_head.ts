/**
 * The head of one HTTP/1 request to a proxy: as little of HTTP as that takes, and nothing that two parsers could understand in
 * two ways (RFC 9112).
 *
 * @module
 */
import type { ByteStream } from "../lib/byte_stream.ts";

/** Servers commonly take no more. */
const MAX_HEAD_BYTES = 32 * 1024;

/** No name is longer (RFC 1035 section 2.3.4). */
const MAX_HOST_LENGTH = 255;
/** A host and a port (RFC 9112 section 3.2.3). A `\` would be a `/` to a parser of URLs, and end the host. */
const CONNECT_TARGET = /^[^/\\?#@]+:\d+$/;

/** The request is not one that we pass on; `status` is the answer to it. */
export class HeadError extends Error {
  /** The status line's part, such as `400 Bad Request`. */
  readonly status: string;

  /** `message` is for the person in front of the client. */
  constructor(status: string, message: string) {
    super(message);
    this.status = status;
    this.name = "HeadError";
  }
}

/** What the head of a request says. */
export interface RequestHead {
  readonly method: string;
  /** As it was written. */
  readonly target: string;
  readonly version: "1.0" | "1.1";
  /** In their order; names as they were written. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Bytes that come after the head. */
  readonly bodyBytes: number;
}

/** Reads up to the end of the head; gives what was read beyond it, too. Throws {@linkcode HeadError}. */
export async function readHead(stream: ByteStream): Promise<{ head: RequestHead; rest: Uint8Array }> {
  const buffer = new Uint8Array(MAX_HEAD_BYTES);
  for (let length = 0; length < buffer.length;) {
    const read = await stream.read(buffer.subarray(length));
    if (read === null) throw new Deno.errors.UnexpectedEof("The connection ended in the middle of a request");
    const from = Math.max(0, length - 3);
    length += read;
    const end = endOfHead(buffer.subarray(0, length), from);
    if (end > 0) {
      return { head: parseHead(latin1(buffer.subarray(0, end - 4))), rest: buffer.slice(end, length) };
    }
  }
  throw new HeadError("431 Request Header Fields Too Large", "The head of the request is too long.");
}

/** Where the body begins; 0 where the head goes on. */
function endOfHead(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(13, from); at >= 0 && at + 3 < bytes.length; at = bytes.indexOf(13, at + 1)) {
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at + 4;
  }
  return 0;
}

/** Each byte one character, so that what is passed on is what came. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Parses what stands before the empty line. Throws {@linkcode HeadError}. */
export function parseHead(text: string): RequestHead {
  const [first = "", ...lines] = text.split("\r\n");
  const request = first.match(/^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP\/(1\.[01])$/);
  if (!request) throw bad("The first line is no request of HTTP/1.1.");
  const headers = lines.map((line) => {
    const field = line.match(/^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)$/);
    if (!field) throw bad("A header is not well-formed.");
    return [field[1]!, field[2]!.trimEnd()] as const;
  });
  const [, method, target, version] = request;
  return {
    ...{ method: method!, target: target!, version: version as RequestHead["version"], headers },
    bodyBytes: bodyBytes(headers),
  };
}

/** Only a length that is told beforehand leaves no doubt about where a second request would begin. */
function bodyBytes(headers: RequestHead["headers"]): number {
  const values = (wanted: string) =>
    headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  if (values("transfer-encoding").length > 0) {
    throw new HeadError(
      "411 Length Required",
      "This proxy passes on requests of a known length; or use CONNECT.",
    );
  }
  const lengths = values("content-length");
  if (lengths.length > 1 || values("host").length > 1) throw bad("A header that may come once comes twice.");
  if (lengths.length === 0) return 0;
  if (!/^\d{1,15}$/.test(lengths[0]!)) throw bad("The length is no number.");
  return Number(lengths[0]);
}

function bad(message: string): HeadError {
  return new HeadError("400 Bad Request", message);
}

/** Where a request to a proxy leads (RFC 9112 sections 3.2.2 and 3.2.3). Throws {@linkcode HeadError}. */
export function destination({ method, target }: RequestHead): URL {
  const isConnect = method === "CONNECT";
  const text = isConnect ? `http://${target}/` : target;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.protocol === "http:" && url.username === "" && url.password === "" &&
    url.hash === "" &&
    url.port !== "0" && url.hostname.length <= MAX_HOST_LENGTH;
  if (url && isPlain && (!isConnect || CONNECT_TARGET.test(target))) return url;
  throw new HeadError(
    "400 Bad Request",
    "This is a proxy for http://<id>.skip.alt/: name it in your program's settings.",
  );
}

/** Headers that concern the connection with the proxy alone (RFC 9110 section 7.6.1). */
const HOP_BY_HOP = [
  "connection",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
];

/** The head as the server gets it: for this one request, to this host. */
export function originHead({ method, version, headers }: RequestHead, url: URL): Uint8Array<ArrayBuffer> {
  const named = headers.filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(",").map((token) => token.trim()))
    .filter((name) => name !== "content-length");
  const passed = headers.filter(([name]) => ![...HOP_BY_HOP, ...named].includes(name.toLowerCase()));
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/${version}`,
    `Host: ${url.host}`,
    ...passed.map(([name, value]) => `${name}: ${value}`),
    "Connection: close",
  ];
  return Uint8Array.from(`${lines.join("\r\n")}\r\n\r\n`, (character) => character.charCodeAt(0));
}
