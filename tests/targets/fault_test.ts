import { assert, assertEquals } from "@std/assert";
import { faultOf, TargetFault } from "../../lib/targets/_fault.ts";

function coded(code: string): Error {
  return Object.assign(new Error(`it said ${code}`), { code });
}

Deno.test("faultOf() tells who is not there from who answers badly", () => {
  const table: [error: unknown, code: string][] = [
    [coded("ECONNREFUSED"), "not-listening"],
    [coded("ENOTFOUND"), "not-listening"],
    [new AggregateError([coded("ECONNREFUSED"), coded("ECONNREFUSED")]), "not-listening"],
    [Object.assign(new Error("Expected HTTP/"), { name: "HTTPParserError" }), "bad-answer"],
    [coded("ECONNRESET"), "broken"],
    ["odd", "broken"],
  ];
  for (const [error, code] of table) {
    const fault = faultOf(error, "nas:80");
    assertEquals([fault.code, fault.message.startsWith("nas:80 "), fault.cause], [code, true, error]);
  }
  const fault = new TargetFault("no-answer", "It takes too long");
  assertEquals(faultOf(fault, "nas:80"), fault);
});

Deno.test("TargetFault shows a peer a page that names no address behind this one", async () => {
  for (
    const [code, status] of [["not-listening", 502], ["no-answer", 504], ["bad-answer", 502], [
      "broken",
      502,
    ]] as const
  ) {
    const response = new TargetFault(code, "10.0.0.7:5432 is at fault").response();
    const text = await response.text();
    assertEquals([response.status, text.startsWith(`${status} `)], [status, true]);
    assert(!text.includes("10.0.0.7"), text);
  }
});
