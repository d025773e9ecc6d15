import { assertEquals } from "@std/assert";
import type { ByteStream } from "../lib/byte_stream.ts";
import type { Candidate } from "../lib/endpoint.ts";
import { describePath } from "../lib/_path_info.ts";

const checked = { rttMs: 50, mapped: { hostname: "198.51.100.7", port: 4 } };
const stream = (hostname: string, port: number) =>
  ({ remoteAddr: { hostname, port } }) as unknown as ByteStream;
const named: Candidate[] = [{ kind: "mapped", hostname: "203.0.113.9", port: 5 }];

Deno.test("describePath() has the kind of the candidate that was dialled, or that came in", () => {
  const kindOf = (hostname: string, port: number) =>
    describePath({ stream: stream(hostname, port), checked }, named).kind;
  assertEquals([
    kindOf("203.0.113.9", 5),
    kindOf("203.0.113.9", 6),
    kindOf("192.168.1.2", 6),
    kindOf("2001:db8::1", 6),
  ], [
    "mapped",
    "reflexive",
    "host",
    "ipv6",
  ]);
  const dial = { candidate: named[0]!, delayMs: 0, bound: true };
  assertEquals(describePath({ stream: stream("203.0.113.9", 7), checked, dial }, []), {
    kind: "mapped",
    remote: "203.0.113.9:7",
    mapped: "198.51.100.7:4",
    rttMs: 50,
  });
});
