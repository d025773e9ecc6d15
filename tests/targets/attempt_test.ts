import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { attempt, type TargetAnswer, type TargetRequest } from "../../lib/targets/_attempt.ts";
import { TargetFault } from "../../lib/targets/_fault.ts";
import { HttpClient } from "../../lib/targets/_http_client.ts";
import { RawConnection } from "./_servers.ts";

/** A request that was begun, and the target's end of it. */
interface Scene extends Disposable {
  readonly answer: Promise<TargetAnswer>;
  readonly target: RawConnection;
  readonly client: HttpClient;
  /** How often the attempt has said that it is over. */
  readonly ends: number[];
}

async function begin(change: Partial<TargetRequest> = {}): Promise<Scene> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = await HttpClient.open({ hostname: "127.0.0.1", port: listener.addr.port });
  const ends: number[] = [];
  const answer = attempt(client, {
    ...{ method: "GET", path: "/", headers: [["host", "x"]], body: null },
    ...{ signal: new AbortController().signal, headTimeoutMs: 10_000 },
    ...change,
  }, { last: change.body !== undefined, onOver: () => ends.push(ends.length) });
  answer.catch(() => {});
  const target = new RawConnection(await listener.accept());
  const end = () => {
    client.close();
    target.close();
  };
  return { answer, target, client, ends, [Symbol.dispose]: end };
}

async function textOf(answer: TargetAnswer): Promise<string> {
  return await new Response(await answer.body()).text();
}

function streamOf(...chunks: string[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk)));
}

Deno.test("attempt() sends the request and gives the answer, after which another may follow", async () => {
  using scene = await begin();
  await scene.target.until(/^GET \/ HTTP\/1.1\r\nhost: x\r\nconnection: keep-alive\r\n\r\n$/);
  await scene.target.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no");
  const answer = await scene.answer;
  assertEquals([answer.status, answer.headers, scene.ends], [200, [["content-length", "2"]], []]);
  const text = textOf(answer);
  await scene.target.write("k");
  assertEquals([await text, scene.ends, scene.client.isLost], ["ok", [0], false]);
});

Deno.test("attempt() ends when it is told to", async () => {
  const reason = new DOMException("gone", "AbortError");
  const stop = new AbortController();
  using scene = await begin({ signal: stop.signal });
  await scene.target.until(/\r\n\r\n/);
  stop.abort(reason);
  assertStrictEquals(await assertRejects(() => scene.answer), reason);
  assertEquals([scene.ends, scene.client.isLost], [[0], true]);
});

Deno.test("attempt() gives up a target that does not answer in time", async () => {
  using scene = await begin({ headTimeoutMs: 20 });
  const fault = await assertRejects(() => scene.answer, TargetFault, "within 0.02 s");
  assertEquals([fault.code, scene.ends, scene.client.isLost], ["no-answer", [0], true]);
});

Deno.test("attempt() hands an answer over that comes before the body is sent, and lets go of the body", async () => {
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
    cancel: () => cancelled.resolve(),
  });
  using scene = await begin({ method: "POST", body });
  await scene.target.until(/\r\n\r\n/);
  await scene.target.write("HTTP/1.1 413 Too Large\r\ncontent-length: 4\r\n\r\nbig!");
  const answer = await scene.answer;
  assertEquals([answer.status, await textOf(answer)], [413, "big!"]);
  await cancelled.promise;
  assertEquals(scene.ends, [0]);
});

Deno.test("attempt() breaks off when the body is not as long as announced, or breaks off itself", async () => {
  const broken = new Error("the peer has gone");
  const table: [body: ReadableStream<Uint8Array>, message: string][] = [
    [streamOf("abc", "GET /smuggled HTTP/1.1\r\n\r\n"), "3 bytes were announced, current value is 29"],
    [streamOf("ab"), "3 bytes were announced, current value is 2"],
    [new ReadableStream({ pull: (controller) => controller.error(broken) }), "the peer has gone"],
  ];
  for (const [body, message] of table) {
    using scene = await begin({ method: "POST", body, length: 3 });
    await assertRejects(() => scene.answer, Error, message);
    assertEquals((await scene.target.rest()).includes("/smuggled"), false);
  }
});

Deno.test("attempt() lets go of the connection when the answer is of no use, but not of one that is over", async () => {
  for (const [length, isLost] of [[2, true], [0, false]] as const) {
    using scene = await begin();
    await scene.target.until(/\r\n\r\n/);
    await scene.target.write(`HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n`);
    (await scene.answer).discard();
    assertEquals([scene.ends, scene.client.isLost], [[0], isLost]);
  }
});
