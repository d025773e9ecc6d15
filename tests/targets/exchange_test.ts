import { assertEquals, assertRejects } from "@std/assert";
import { Exchanger, type TargetRequest } from "../../lib/targets/_exchange.ts";
import { TargetFault } from "../../lib/targets/_fault.ts";
import { serveRaw } from "./_servers.ts";

function request(port: number, more: Partial<TargetRequest> = {}): TargetRequest {
  return {
    ...{ hostname: "127.0.0.1", port, method: "GET", path: "/", headers: [["host", "x"]], body: null },
    ...{ signal: new AbortController().signal, headTimeoutMs: 10_000 },
    ...more,
  };
}

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

Deno.test("Exchanger keeps a connection for the next request, and opens another where it was closed", async () => {
  const seen: number[] = [];
  await using target = serveRaw(async (connection, nth) => {
    for (let n = 0; n < 2; n++) {
      await connection.until(/\r\n\r\n/);
      connection.text = "";
      seen.push(nth);
      await connection.write(OK);
    }
    await connection.until(/\r\n\r\n/); // the third request meets a connection that closes without an answer
  });
  using exchanger = new Exchanger();
  for (let n = 0; n < 4; n++) {
    const { body } = await exchanger.exchange(request(target.port));
    assertEquals(await new Response(await body()).text(), "ok");
  }
  assertEquals(seen, [0, 0, 1, 1]);
});

Deno.test("Exchanger never sends a request with a body twice", async () => {
  let heard = 0;
  await using target = serveRaw(async (connection) => {
    await connection.until(/\r\n\r\n/);
    heard++;
  });
  using exchanger = new Exchanger();
  for (const method of ["POST", "GET"]) {
    const body = method === "POST" ? new Blob(["x"]).stream() : null;
    await assertRejects(() => exchanger.exchange(request(target.port, { method, body })), Error, "hang up");
  }
  assertEquals(heard, 2);
});

Deno.test("Exchanger rejects when the answer does not begin in time, and when it is told to stop", async () => {
  await using target = serveRaw(async (connection) => void await connection.rest());
  using exchanger = new Exchanger();
  const late = () => exchanger.exchange(request(target.port, { headTimeoutMs: 20 }));
  const fault = await assertRejects(late, TargetFault, "within 0.02 s");
  assertEquals(fault.code, "no-answer");
  const reason = new DOMException("gone", "AbortError");
  await assertRejects(
    () => exchanger.exchange(request(target.port, { signal: AbortSignal.abort(reason) })),
    DOMException,
    "gone",
  );
});
