import { assertEquals, assertThrows } from "@std/assert";
import { readFigures } from "./_wrk.ts";

const text = (median: string, more = "") =>
  `Running 2s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.55ms  210.00us   9.11ms   93.02%
    Req/Sec    41.02k     1.20k   43.10k    80.00%
  Latency Distribution
     50%  ${median}
     75%    1.60ms
     90%    1.70ms
     99%    2.11ms
  81633 requests in 2.00s, 13.23MB read
${more}Requests/sec:  40771.95
Transfer/sec:      6.61MB
`;

Deno.test("readFigures() reads the rate, and the median in milliseconds", () => {
  for (const [median, medianMs] of [["1.48ms", 1.48], ["250.00us", 0.25], ["1.20s", 1200]] as const) {
    assertEquals(readFigures(text(median)), { requestsPerSecond: 40771.95, medianMs });
  }
});

Deno.test("readFigures() takes no figures from a run with errors", () => {
  const errors = [
    "  Socket errors: connect 0, read 12, write 0, timeout 0\n",
    "  Non-2xx or 3xx responses: 5\n",
  ];
  for (const error of errors) assertThrows(() => readFigures(text("1.48ms", error)), Error, error.trim());
  assertThrows(() => readFigures("unable to connect to 127.0.0.1:1 Connection refused"), Error, "refused");
});
