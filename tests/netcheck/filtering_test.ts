import { assertEquals } from "@std/assert";
import { classifyFiltering, classifyRefusal, type FilteringTests } from "../../lib/netcheck/filtering.ts";

const TABLE: [tests: FilteringTests, filtering: string, refusal: string][] = [
  [{}, "unknown", "unknown"],
  [{ unasked: "in", otherAddress: "in", otherPort: "in" }, "independent", "unknown"],
  [{ unasked: "silence", otherAddress: "in", otherPort: "in" }, "independent", "silence"],
  [{ unasked: "silence", otherAddress: "silence", otherPort: "in" }, "address", "silence"],
  [{ unasked: "silence", otherAddress: "silence", otherPort: "silence" }, "port", "silence"],
  [{ unasked: "reset", otherAddress: "reset", otherPort: "reset" }, "port", "reset"],
  [{ unasked: "icmp", otherAddress: "icmp", otherPort: "icmp" }, "port", "icmp"],
  [{ unasked: "declined", otherAddress: "declined", otherPort: "declined" }, "unknown", "unknown"],
  [{ unasked: "reset" }, "unknown", "reset"],
  [{ unasked: "silence", otherPort: "in" }, "address", "silence"], // one observer alone: at least that
  [{ unasked: "silence", otherPort: "silence" }, "port", "silence"],
  [{ unasked: "sent", otherAddress: "sent", otherPort: "sent" }, "unknown", "unknown"],
];

Deno.test("classifyFiltering() and classifyRefusal() draw the conclusions of RFC 5382", () => {
  for (const [tests, filtering, refusal] of TABLE) {
    assertEquals(
      [classifyFiltering(tests), classifyRefusal(tests)],
      [filtering, refusal],
      JSON.stringify(tests),
    );
  }
});
