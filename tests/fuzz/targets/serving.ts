import { assert } from "@std/assert";
import { conditionalStatus, rangeApplies } from "../../../lib/targets/_conditions.ts";
import { relocate, requestHeaders } from "../../../lib/targets/_forward_headers.ts";
import { findInside, isVisible } from "../../../lib/targets/_inside.ts";
import { parseRange } from "../../../lib/targets/_range.ts";
import { folderTarget } from "../../../lib/targets/folder.ts";
import { parseTarget } from "../../../lib/targets/parse.ts";
import { parseMount } from "../../../lib/targets/routes.ts";
import { isPort } from "../../../lib/endpoint.ts";
import { testFolder } from "../../targets/_folder.ts";
import { assertOnly, expectOnly, same } from "../_expect.ts";
import * as fc from "../_fast_check.ts";
import { mutatedText } from "../_inputs.ts";
import { failureOf, settles } from "../_settles.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const PATHS = [
  "/",
  "/hello.txt",
  "/sub/page.html",
  "/site/",
  "/.well-known/x",
  "/.env",
  "/out/secret.txt",
  "/alias.txt",
];
const WORDS = [
  ...[
    "..",
    "../",
    "/../",
    "%2e%2e",
    "%2f",
    "%5c",
    "\\",
    "%00",
    ".env",
    ".git/config",
    "out",
    "out.txt",
    "hidden.txt",
    "loop",
  ],
  ...["neighbour/secret.txt", "secret.txt", "sub", "hello.txt", "index.html", "%", "%c0%ae", "//", "/./"],
];
const path = mutatedText(PATHS, WORDS, 2_000);
const RANGES = ["bytes=0-0", "bytes=0-4,6-9", "bytes=-5", "bytes=5-", "items=0-1"];
const range = mutatedText(RANGES, ["bytes=", "-", ",", "0-", "9999999999999999999999"], 1_100);
const ETAG = '"18c2-c"';
const VALIDATORS = { etag: ETAG, lastModifiedMs: Date.UTC(2026, 10, 27) };
const CONDITIONS = [ETAG, `W/${ETAG}`, `"x", ${ETAG}`, "*", "Fri, 27 Nov 2026 00:00:00 GMT", "yesterday"];
const condition = mutatedText(CONDITIONS, ["W/", '"', ETAG], 1_000);
const STATUSES = [200, 206, 304, 307, 404, 405, 412, 416];
const TARGETS = [
  ...[
    "8080",
    "localhost:8080",
    "[::1]:8080",
    "http://localhost:8080/path",
    "tcp:22",
    "tcp:host:22",
    "./public",
    "tcp:[::1]:22",
  ],
  ...["http://user:word@host/", "http://host/?q#h", "https://host/", "http:host"],
];
const headers = fc.dictionary(
  fc.constantFrom(
    "range",
    "if-range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
  ),
  fc.oneof(range, condition),
  { maxKeys: 4 },
);

/** A request, where such headers can be sent at all. */
function requestFor(url: string, fields: Record<string, string>, method: string): Request | undefined {
  return expectOnly(() => new Request(url, { method, headers: fields }), TypeError);
}

/** What a serving peer stands in front of. */
export const SERVING_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget("folder-path", "no path leads out of the folder, or to what is hidden", async () => {
    const folder = await testFolder();
    const root = await Deno.realPath(folder.root);
    return {
      inputs: fc.oneof(path, path.map((one) => URL.parse(one, "http://x/")?.pathname ?? one)),
      async check(path) {
        const found = await settles(findInside(folder.root, path));
        if (found === undefined) return;
        assert(found === root || found.startsWith(`${root}/`), found);
        assert(
          found.slice(root.length + 1).split("/").every((name) => name === "" || isVisible(name)),
          found,
        );
      },
      close: () => folder[Symbol.asyncDispose](),
    };
  }, 13),
  fuzzTarget(
    "folder-requests",
    "any request for a folder gets an answer with no secret in it, as long as it says",
    async () => {
      const folder = await testFolder();
      const target = folderTarget(folder.root);
      const info = {} as Deno.ServeHandlerInfo;
      return {
        inputs: fc.record({
          path,
          headers,
          method: fc.constantFrom("GET", "HEAD", "POST"),
          mount: fc.constantFrom("", "/m"),
        }),
        async check({ path, headers, method, mount }) {
          const url = URL.parse(`http://x${mount}${path.startsWith("/") ? path : `/${path}`}`);
          const request = url?.pathname.startsWith(`${mount}/`) && requestFor(url.href, headers, method);
          if (!request) return;
          const response = await settles(Promise.resolve(target(request, info, mount)));
          assert(STATUSES.includes(response.status), `${response.status}`);
          const body = await settles(response.text());
          assert(!/secret/i.test(body.replaceAll(/<title>.*?<\/title>|<h1>.*?<\/h1>/gs, "")), body);
          const length = response.headers.get("content-length");
          if (length !== null && method === "GET" && response.body) same(body.length, Number(length));
          assert(body.length < 100_000);
        },
        close: () => folder[Symbol.asyncDispose](),
      };
    },
    17,
  ),
  fuzzTarget(
    "range",
    "any header is ignored, or names parts of the file that do not overlap, at most 16",
    () => ({
      inputs: fc.tuple(range, fc.oneof(fc.nat(20), fc.maxSafeInteger().map(Math.abs))),
      check([header, size]) {
        const ranges = parseRange(header, size);
        if (!ranges) return;
        assert(
          ranges.length <= 16 &&
            ranges.every(({ first, last }) => first >= 0 && first <= last && last < size),
        );
        assert(
          ranges.every((a, i) => ranges.every((b, j) => i === j || a.last < b.first || b.last < a.first)),
        );
      },
    }),
  ),
  fuzzTarget(
    "conditions",
    "any conditions have one answer, and a file that is as it was is not changed",
    () => ({
      inputs: fc.dictionary(
        fc.constantFrom("if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"),
        condition,
        { maxKeys: 3 },
      ),
      check(fields) {
        const request = requestFor("http://x/", fields, "GET");
        if (!request) return;
        assert([304, 412, undefined].includes(conditionalStatus(request.headers, VALIDATORS)));
        rangeApplies(request.headers, VALIDATORS);
        request.headers.set("if-none-match", ETAG);
        request.headers.delete("if-match");
        request.headers.delete("if-unmodified-since");
        same(conditionalStatus(request.headers, VALIDATORS), 304);
      },
    }),
  ),
  fuzzTarget("target", "any argument is a SyntaxError, or a target that is whole", () => ({
    inputs: mutatedText(
      TARGETS,
      ["tcp:", "http://", "https://", "localhost", "[::1]", ":0", ":65535", "./"],
      300,
    ),
    async check(text) {
      const parsing = parseTarget(text);
      const error = await failureOf(parsing);
      assertOnly(error, SyntaxError);
      if (error) return;
      const target = await parsing;
      if (target.kind === "tcp") assert(isPort(target.endpoint.port) && target.endpoint.hostname !== "");
      if (target.kind !== "http") return;
      const { protocol, username, password, search, hash, port } = target.url;
      same([protocol, username, password, search, hash], ["http:", "", "", "", ""]);
      assert(port !== "0");
    },
  }), 7),
  fuzzTarget("mount", "any path of a route is a SyntaxError, or one that a URL can have", () => ({
    inputs: mutatedText(["/", "/api", "/a/b/", "//x", "/a?b"], ["/../", "%2f", "\\"], 300),
    check(text) {
      const mount = expectOnly(() => parseMount(text), SyntaxError);
      if (mount === undefined) return;
      assert(mount === "" || (mount.startsWith("/") && !mount.endsWith("/") && !mount.includes("//")), mount);
      same(parseMount(`${mount}/`), mount);
    },
  })),
  fuzzTarget(
    "forwarding",
    "no header that a peer writes passes for one of ours, and an address at the target stays at the peer",
    () => ({
      inputs: fc.record({
        name: mutatedText(
          ["connection", "X-Forwarded-For", "x_skip_remote_id", "Host", "Accept", "Forwarded"],
          [],
          60,
        ),
        value: mutatedText(["keep-alive, x-skip-remote-id", "host", "liar", "close"], [], 200),
        location: mutatedText([
          "http://localhost:8080/a?b#c",
          "/a",
          "//evil.example/",
          "http://evil.example/",
        ], [
          "http://localhost:8080",
          "\\",
        ], 300),
        mount: fc.constantFrom("", "/m"),
      }),
      check({ name, value, location, mount }) {
        const request = requestFor("http://x/", { [name]: value }, "GET");
        const info = {
          remoteAddr: { hostname: "203.0.113.9" },
          remoteId: "id",
        } as unknown as Deno.ServeHandlerInfo;
        const sent = request ? requestHeaders(request, { info, host: "localhost:8080", mount }) : [];
        const said = (wanted: RegExp) =>
          sent.filter(([one]) => wanted.test(one.replaceAll("_", "-"))).map(([, v]) => v);
        if (request) {
          same([said(/^host$/), said(/^x-skip-/)], [["localhost:8080"], ["id"]]);
          same([said(/^x-forwarded-for$/), said(/^forwarded$/)], [["203.0.113.9"], []]);
        }
        const moved = relocate(location, new URL("http://localhost:8080/"), mount);
        if (moved === location) return;
        same(new URL(moved, "https://id.skip.alt/").host, "id.skip.alt");
      },
    }),
  ),
];
