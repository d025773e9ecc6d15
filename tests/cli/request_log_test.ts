import { assertEquals, assertMatch } from "@std/assert";
import { Output } from "../../cli/_output.ts";
import { RequestLog } from "../../cli/_request_log.ts";
import { TargetFault } from "../../lib/targets/mod.ts";

const info = {
  remoteAddr: { transport: "tcp", hostname: "192.0.2.7", port: 5 },
  completed: Promise.resolve(),
} as const;

/** A log, and what it has written. */
function recorded(options: { json?: boolean; verbose?: boolean }) {
  const text = { stdout: "", stderr: "" };
  const { json = false, verbose = false } = options;
  const output = new Output({ json, quiet: false, verbose }, {
    stdout: (t) => Boolean(text.stdout += t),
    stderr: (t) => void (text.stderr += t),
    isTerminal: { stdout: false, stderr: true },
  });
  return { text, log: new RequestLog(output, { verbose }) };
}

Deno.test("RequestLog prints an object for each request with --json", async () => {
  const { text, log } = recorded({ json: true });
  const handler = log.watch(() => new Response(null, { status: 204 }));
  await handler(new Request("https://id.skip.alt/a%20b?c", { method: "DELETE" }), info);
  const { ms, ...event } = JSON.parse(text.stdout);
  assertEquals(event, {
    ...{ type: "request", remote: "192.0.2.7:5", method: "DELETE", path: "/a%20b?c", status: 204 },
  });
  assertEquals([typeof ms, text.stderr], ["number", ""]);
});

Deno.test("RequestLog tells why a target did not answer", async () => {
  const { text, log } = recorded({ json: true });
  const fault = new TargetFault("not-listening", "nas:80 does not listen");
  const handler = log.watch((request) => {
    log.onFault(request, fault);
    return fault.response();
  });
  await handler(new Request("https://id.skip.alt/"), info);
  const { status, code, message } = JSON.parse(text.stdout);
  assertEquals([status, code, message], [502, "not-listening", "nas:80 does not listen"]);
});

Deno.test("RequestLog prints a line for each request with --verbose, and nothing without", async () => {
  for (const verbose of [true, false]) {
    const { text, log } = recorded({ verbose });
    await log.watch(() => new Response("x"))(new Request("https://x/%1b[2J?\x7f"), info);
    if (verbose) assertMatch(text.stderr, /^200 GET \/%1b\[2J\?%7F in \d+ ms \(192\.0\.2\.7:5\)\n$/);
    else assertEquals(text.stderr, "");
    assertEquals(text.stdout, "");
  }
});
