import { assert } from "@std/assert";
import { Buffer } from "node:buffer";
import { Exchanger } from "../../../lib/targets/_exchange.ts";
import { writeAll } from "../../../lib/io.ts";
import { same } from "../_expect.ts";
import * as fc from "../_fast_check.ts";
import { mutatedText } from "../_inputs.ts";
import { settles } from "../_settles.ts";
import { cut } from "../_stream.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const ANSWERS = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n",
  "HTTP/1.0 404 Not Found\r\nServer: x\r\n\r\n<p>nothing</p>",
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\nETag: "x"\r\nConnection: close, X-Hop\r\n\r\n',
];
const WORDS = [
  ...["\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"],
  ...["0\r\n\r\n", "a\r\n", "ffffffffffffff", "chunked", "gzip, chunked", "HTTP/1.0", "\xa0"],
  ...[" 101 ", " 204 ", "Upgrade: x\r\n", "Keep-Alive: timeout=1\r\n"],
];
const answer = mutatedText(ANSWERS, WORDS, 20_000).map((text) => text.replaceAll(/[^\0-\xff]/g, "?"));

/** A target that says the same to everybody and hangs up. */
class Parrot {
  pieces: readonly Uint8Array[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #accepting = this.#accept();

  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept() {
    for await (const conn of this.#listener) void this.#speak(conn);
  }

  async #speak(conn: Deno.TcpConn) {
    using _conn = conn;
    conn.setNoDelay();
    const heard = new Uint8Array(1024);
    try {
      if (await conn.read(heard) === null) return;
      for (const piece of this.pieces) await writeAll(conn, piece);
      await conn.closeWrite();
      while (await conn.read(heard) !== null);
    } catch {
      // it heard enough, and has hung up
    }
  }

  async close() {
    this.#listener.close();
    await this.#accepting;
  }
}

/** What becomes of an answer. */
interface Outcome {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

async function outcomeOf(exchanger: Exchanger, method: string): Promise<Outcome | "fault"> {
  try {
    const { status, headers, body } = await exchanger.exchange({
      ...{ method, path: "/", headers: [["host", "x"]], body: null },
      ...{ signal: new AbortController().signal, headTimeoutMs: 60_000 },
    });
    return {
      status,
      headers,
      body: Buffer.from(await new Response(await body()).bytes()).toString("latin1"),
    };
  } catch (error) {
    assert(error instanceof Error);
    return "fault";
  }
}

/** What a target may answer. */
export const TARGET_ANSWER_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget(
    "target-answers",
    "any answer of a target is refused, or has one reading, wherever it is cut, and never a body that is too short",
    () => {
      const parrot = new Parrot();
      const exchanger = new Exchanger({ hostname: "127.0.0.1", port: parrot.port });
      return {
        inputs: fc.tuple(
          answer,
          fc.array(fc.nat(65_535), { maxLength: 3 }),
          fc.constantFrom("GET", "GET", "GET", "HEAD", "POST"),
        ),
        async check([text, places, method]) {
          const bytes = Buffer.from(text, "latin1");
          parrot.pieces = [bytes];
          const outcome = await settles(outcomeOf(exchanger, method));
          parrot.pieces = cut(bytes, places);
          same(await settles(outcomeOf(exchanger, method)), outcome, "it depends on where it was cut");
          if (outcome === "fault") return;
          const { status, headers, body } = outcome;
          assert(status >= 200 && status <= 999);
          assert(headers.flat().every((one) => !/[\r\n\0]/.test(one)));
          const length = headers.find(([name]) => name.toLowerCase() === "content-length")?.[1];
          const bodiless = method === "HEAD" || status === 204 || status === 304;
          if (bodiless) same(body, "");
          else if (length !== undefined) same(body.length, Number(length));
        },
        async close() {
          exchanger[Symbol.dispose]();
          await parrot.close();
        },
      };
    },
    5,
  ),
];
