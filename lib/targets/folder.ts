import { SMALL_BODY_BYTES } from "./_answer_body.ts";
import { conditionalStatus, rangeApplies, type Validators } from "./_conditions.ts";
import { contentType } from "./_content_type.ts";
import { fileBody, lengthOf, type Piece, wholeBody } from "./_file_body.ts";
import { findInside } from "./_inside.ts";
import { listingPage } from "./_listing.ts";
import { type ByteRange, parseRange } from "./_range.ts";
import type { Target } from "./target.ts";

/** Parts of an answer with several ranges; a text that no file contains by chance. */
const BOUNDARY = "skip-part-7e0f5b1c9d2a4c38";
const INDEX = "index.html";

/**
 * Serves the files of a folder: ranges, conditional requests, `index.html` or else a listing. Nothing outside of the folder is
 * reached, also not by symbolic links, and nothing whose name begins with a dot, but `.well-known`.
 *
 * `@std/http/file-server` follows links out of the folder and knows no `If-Range`, which is why it is not used.
 *
 * @example The folder `public`
 * ```ts
 * import { folderTarget } from "@skip-public-ip/skip-public-ip";
 *
 * const target = folderTarget("public");
 * await using server = Deno.serve({ hostname: "127.0.0.1", port: 0 }, (request, info) => target(request, info));
 * const response = await fetch(`http://127.0.0.1:${server.addr.port}/no-such-file`);
 * console.log(response.status, await response.text()); // 404
 * ```
 *
 * @param root An existing folder.
 */
export function folderTarget(root: string): Target {
  return async (request, _info, mount = "") => {
    if (request.method !== "GET" && request.method !== "HEAD") return notAllowed();
    const { pathname, search } = new URL(request.url);
    const inner = pathname.slice(mount.length);
    const path = await findInside(root, inner);
    if (path === undefined) return notFound();
    const { isDirectory } = await Deno.stat(path);
    if (!isDirectory) return inner.endsWith("/") ? notFound() : await serveFile(request, path);
    if (!inner.endsWith("/")) return toFolder(pathname, search);
    const index = await findInside(root, `${inner}${INDEX}`);
    if (index !== undefined && (await Deno.stat(index)).isFile) return await serveFile(request, index);
    return list(request, await listingPage(root, path, pathname));
  };
}

function notFound(): Response {
  return new Response("404 Not Found\n\nThere is no such file.\n", { status: 404 });
}

function notAllowed(): Response {
  return new Response("405 Method Not Allowed\n", { status: 405, headers: { allow: "GET, HEAD" } });
}

/** Links of a page in a folder begin at its last slash. A path that begins with `//` would be another host. */
function toFolder(pathname: string, search: string): Response {
  const name = pathname.slice(pathname.lastIndexOf("/") + 1);
  const location = `./${name}/${search}`;
  return new Response(null, { status: 307, headers: { location } });
}

function list(request: Request, page: string): Response {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "cache-control": "no-cache",
  };
  return new Response(request.method === "HEAD" ? null : page, { headers });
}

async function serveFile(request: Request, path: string): Promise<Response> {
  if (!(await Deno.stat(path)).isFile) return notFound(); // opening a pipe would wait for its writer
  const file = await Deno.open(path);
  let isTaken = false; // by whoever closes it
  try {
    const { status, headers, pieces } = answer(request, path, await file.stat());
    if (request.method !== "GET" || !pieces) return new Response(null, { status, headers });
    isTaken = true;
    const isSmall = lengthOf(pieces) <= SMALL_BODY_BYTES;
    const body = isSmall ? await wholeBody(file, pieces) : fileBody(file, pieces);
    return new Response(body, { status, headers });
  } finally {
    if (!isTaken) file.close();
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly pieces?: readonly Piece[];
}

/** Pure: the head of the answer, and which bytes follow. */
function answer({ method, headers }: Request, path: string, { size, mtime }: Deno.FileInfo): Answer {
  const type = contentType(path);
  const modified = mtime?.getTime() ?? 0;
  const validators: Validators = {
    etag: `"${modified.toString(16)}-${size.toString(16)}"`,
    lastModifiedMs: Math.floor(modified / 1000) * 1000,
  };
  const head = new Headers({
    "accept-ranges": "bytes",
    "cache-control": "no-cache", // a browser asks each time, and gets 304
    "etag": validators.etag,
    "last-modified": new Date(validators.lastModifiedMs).toUTCString(),
    "x-content-type-options": "nosniff",
  });
  const condition = conditionalStatus(headers, validators);
  if (condition) return { status: condition, headers: head };
  const ranged = method === "GET" && rangeApplies(headers, validators);
  const ranges = ranged ? parseRange(headers.get("range"), size) : undefined;
  if (ranges === undefined) return whole(head, type, size);
  return ranges.length === 0 ? unsatisfiable(head, size) : partial(head, type, size, ranges);
}

function whole(headers: Headers, type: string, size: number): Answer {
  headers.set("content-type", type);
  headers.set("content-length", `${size}`);
  return { status: 200, headers, pieces: [{ first: 0, last: size - 1 }] };
}

function unsatisfiable(headers: Headers, size: number): Answer {
  headers.set("content-range", `bytes */${size}`);
  return { status: 416, headers };
}

/** RFC 9110 section 15.3.7: one range as it is, several as `multipart/byteranges` (section 14.6). */
function partial(headers: Headers, type: string, size: number, ranges: readonly ByteRange[]): Answer {
  const rangeOf = ({ first, last }: ByteRange) => `bytes ${first}-${last}/${size}`;
  const text = (lines: readonly string[]) => new TextEncoder().encode(lines.join("\r\n"));
  const single = ranges.length === 1;
  const pieces: Piece[] = single ? [...ranges] : [
    ...ranges.flatMap((range) => [
      text(["", `--${BOUNDARY}`, `content-type: ${type}`, `content-range: ${rangeOf(range)}`, "", ""]),
      range,
    ]),
    text(["", `--${BOUNDARY}--`, ""]),
  ];
  headers.set("content-type", single ? type : `multipart/byteranges; boundary=${BOUNDARY}`);
  if (single) headers.set("content-range", rangeOf(ranges[0]!));
  headers.set("content-length", `${lengthOf(pieces)}`);
  return { status: 206, headers, pieces };
}
