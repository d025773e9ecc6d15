import { assertEquals } from "@std/assert";
import { conditionalStatus, rangeApplies } from "../../lib/targets/_conditions.ts";

const modified = Date.parse("2026-01-02T03:04:05Z");
const file = { etag: '"now"', lastModifiedMs: modified };
const SAME = new Date(modified).toUTCString();
const BEFORE = new Date(modified - 1000).toUTCString();
const AFTER = new Date(modified + 1000).toUTCString();

Deno.test("conditionalStatus() follows the order of precedence of RFC 9110", () => {
  const table: [headers: Record<string, string>, status: number | undefined][] = [
    [{}, undefined],
    [{ "if-match": '"now"' }, undefined],
    [{ "if-match": '"old", "now"' }, undefined],
    [{ "if-match": "*" }, undefined],
    [{ "if-match": '"old"' }, 412],
    [{ "if-match": 'W/"now"' }, 412],
    [{ "if-match": '"now"', "if-unmodified-since": BEFORE }, undefined],
    [{ "if-unmodified-since": BEFORE }, 412],
    [{ "if-unmodified-since": SAME }, undefined],
    [{ "if-none-match": '"now"' }, 304],
    [{ "if-none-match": 'W/"now"' }, 304],
    [{ "if-none-match": "*" }, 304],
    [{ "if-none-match": '"a,b", "now"' }, 304],
    [{ "if-none-match": '"old"' }, undefined],
    [{ "if-none-match": '"old"', "if-modified-since": AFTER }, undefined],
    [{ "if-modified-since": SAME }, 304],
    [{ "if-modified-since": AFTER }, 304],
    [{ "if-modified-since": BEFORE }, undefined],
    [{ "if-modified-since": "yesterday, I think" }, undefined],
    [{ "if-match": '"old"', "if-none-match": '"now"' }, 412],
  ];
  for (const [headers, status] of table) {
    assertEquals(conditionalStatus(new Headers(headers), file), status, JSON.stringify(headers));
  }
});

Deno.test("rangeApplies() to the very file that a client has a part of, and to no other", () => {
  const table: [ifRange: string | undefined, applies: boolean][] = [
    [undefined, true],
    ['"now"', true],
    ['"old"', false],
    ['W/"now"', false],
    [SAME, true],
    [BEFORE, false],
    [AFTER, false],
    ["garbage", false],
  ];
  for (const [ifRange, applies] of table) {
    assertEquals(rangeApplies(new Headers(ifRange ? { "if-range": ifRange } : {}), file), applies, ifRange);
  }
});
