import { assertEquals, assertMatch } from "@std/assert";
import { type ClientRequest, type Flow, HttpClient } from "../../lib/targets/_http_client.ts";
import { freePort } from "../free_port.ts";
import { type Running, serveRaw } from "./_servers.ts";

/** What a listener was told. */
interface Told {
  readonly heads: [status: number, headers: string[]][];
  text: string;
  error?: Error;
}

/** Sends a request and waits for its end; `onChunk` may stop what comes. */
async function send(
  client: HttpClient,
  change: Partial<ClientRequest> = {},
  onChunk: (flow: Flow) => void = () => {},
): Promise<Told> {
  const told: Told = { heads: [], text: "" };
  const { promise, resolve } = Promise.withResolvers<void>();
  let flow: Flow | undefined;
  client.send({ method: "GET", path: "/a?b", headers: ["host", "x"], body: null, last: false, ...change }, {
    onHead(status, headers, its) {
      told.heads.push([status, headers]);
      flow = its;
    },
    onChunk(chunk) {
      told.text += new TextDecoder("latin1").decode(chunk);
      onChunk(flow!);
    },
    onEnd: resolve,
    onError(error) {
      told.error = error;
      resolve();
    },
  });
  await promise;
  return told;
}

/** A target that says `answer` to each request, and what it heard. */
function saying(answer: string): { target: Running; heard: string[] } {
  const heard: string[] = [];
  const target = serveRaw(async (connection) => {
    for (;;) {
      heard.push(await connection.until(/\r\n\r\n/));
      connection.text = "";
      await connection.write(answer);
    }
  });
  return { target, heard };
}

Deno.test("HttpClient sends one request after the other over one connection, with the headers as they are", async () => {
  const { target, heard } = saying("HTTP/1.1 200 OK\r\nX-Odd: \xe9\r\nContent-Length: 2\r\n\r\nok");
  await using _target = target;
  const client = await HttpClient.open({ hostname: "127.0.0.1", port: target.port });
  for (let n = 0; n < 2; n++) {
    const { heads, text } = await send(client, { headers: ["host", "x:1", "x-a", "1", "x-a", "2"] });
    assertEquals([heads, text], [[[200, ["X-Odd", "\xe9", "Content-Length", "2"]]], "ok"]);
  }
  assertMatch(heard[0]!, /^GET \/a\?b HTTP\/1.1\r\nhost: x:1\r\n[^]*x-a: 1\r\nx-a: 2\r\n/);
  assertEquals([client.isLost, heard.length], [false, 2]);
  client.close();
  assertEquals(client.isLost, true);
});

Deno.test("HttpClient tells of the answer alone, not of what comes before it", async () => {
  const { target } = saying("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  await using _target = target;
  const client = await HttpClient.open({ hostname: "127.0.0.1", port: target.port });
  assertEquals((await send(client)).heads, [[204, []]]);
  client.close();
});

Deno.test("HttpClient stops and goes on as it is told, and never tells of nothing", async () => {
  const { target } = saying(
    `HTTP/1.1 200 OK\r\ncontent-length: 300000\r\nconnection: close\r\n\r\n${"x".repeat(300_000)}`,
  );
  await using _target = target;
  const client = await HttpClient.open({ hostname: "127.0.0.1", port: target.port });
  let pauses = 0;
  const { text } = await send(client, { last: true }, (flow) => {
    pauses++;
    flow.pause();
    setTimeout(() => flow.resume());
  });
  assertEquals([text.length, pauses > 1 && pauses < 300], [300_000, true]);
  client.close();
});

Deno.test("HttpClient tells why there is no answer", async () => {
  const nobody = await HttpClient.open({ hostname: "127.0.0.1", port: freePort() });
  assertEquals(((await send(nobody)).error as Error & { code?: string }).code, "ECONNREFUSED");
  nobody.close();
  const { target } = saying("SSH-2.0-OpenSSH_9.9\r\n\r\n");
  await using _target = target;
  const client = await HttpClient.open({ hostname: "127.0.0.1", port: target.port });
  const { error, heads } = await send(client);
  assertEquals([error?.name, heads], ["HTTPParserError", []]);
  client.close();
});
