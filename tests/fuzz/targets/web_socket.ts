import { assert } from "@std/assert";
import { MAX_WINDOW_BYTES } from "../../../lib/tunnel/_inbox.ts";
import { webSocketStream } from "../../../lib/tunnel/web_socket_stream.ts";
import { answerControl, decodeControl, encodeControl } from "../../../lib/control/mod.ts";
import { addressFamily, isPort } from "../../../lib/endpoint.ts";
import type { ByteStream } from "../../../lib/byte_stream.ts";
import { assertOnly, same, unpolluted } from "../_expect.ts";
import { FakeWebSocket } from "../_web_socket.ts";
import * as fc from "../_fast_check.ts";
import { endpoint, mutatedText, nat, port } from "../_inputs.ts";
import { failureOf } from "../_settles.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const { BadResource, BrokenPipe, ConnectionReset, InvalidData } = Deno.errors;
const FIRST_WINDOW = 1024 * 1024;
/** Bytes that are different at each place, as far as that goes. */
const PATTERN = Uint8Array.from({ length: 256 * 1024 }, (_, i) => i);

/** One thing that happens to a stream. */
type Event =
  | { readonly type: "comes"; readonly size: number; readonly times: number }
  | { readonly type: "steers"; readonly text: string }
  | { readonly type: "reads"; readonly size: number }
  | { readonly type: "writes"; readonly size: number }
  | { readonly type: "ends" | "closes" | "is closed" };

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    type: fc.constant("comes" as const),
    size: fc.oneof(fc.nat(300), fc.nat(70_000), fc.constantFrom(0, 16_384, 65_536, 65_537)),
    times: fc.oneof({ arbitrary: fc.constant(1), weight: 9 }, { arbitrary: fc.nat(20), weight: 1 }),
  }),
  fc.record({
    type: fc.constant("steers" as const),
    text: mutatedText(
      ["credit 1", "credit 262144", "credit 8388608", "end", "credit 9999999"],
      ["credit "],
      100,
    ),
  }),
  fc.record({
    type: fc.constant("reads" as const),
    size: fc.oneof(fc.integer({ min: 1, max: 400 }), fc.constant(65_536)),
  }),
  fc.record({ type: fc.constant("writes" as const), size: fc.oneof(fc.nat(400), fc.constant(65_537)) }),
  fc.record({ type: fc.constantFrom("ends" as const, "closes" as const, "is closed" as const) }),
);

/** A stream over a WebSocket whose other end is the input, and what must hold of it. */
class Play {
  readonly #socket: FakeWebSocket;
  readonly #stream: ByteStream;
  #came = 0;
  #read = 0;
  readonly #pending: Promise<unknown>[] = [];
  /** Nobody reads, or writes, twice at the same time. */
  readonly #busy = new Set<string>();

  constructor(isServing: boolean) {
    this.#socket = new FakeWebSocket(isServing ? "" : "wss://peer/");
    this.#stream = webSocketStream(this.#socket as unknown as WebSocket);
  }

  async run(events: readonly Event[]): Promise<void> {
    for (const event of events) {
      await this.#happen(event);
      const waiting = this.#came - this.#read;
      assert(this.#socket.isFinished || waiting <= MAX_WINDOW_BYTES, `${waiting} bytes wait to be read`);
    }
    this.#socket.finish(1006);
    for (const work of this.#pending) {
      assertOnly(await failureOf(work), BadResource, BrokenPipe, ConnectionReset, InvalidData);
    }
    this.#checkSent();
  }

  async #happen(event: Event): Promise<void> {
    switch (event.type) {
      case "comes":
        for (let n = 0; n < event.times; n++) this.#come(event.size);
        return;
      case "steers":
        return this.#socket.receive(event.text);
      case "reads":
        return this.#begin("read", () => this.#readSome(event.size));
      case "writes":
        return this.#begin("write", () => this.#stream.write(PATTERN.subarray(0, event.size)));
      case "ends":
        return this.#begin("write", () => this.#stream.closeWrite());
      case "closes":
        return this.#stream.close();
      case "is closed":
        return this.#socket.finish(1000);
    }
    await undefined;
  }

  #come(size: number): void {
    const start = this.#came % 256;
    this.#socket.receive(PATTERN.slice(start, start + size).buffer);
    this.#came += size;
  }

  async #readSome(size: number): Promise<void> {
    const buffer = new Uint8Array(size);
    const n = await this.#stream.read(buffer);
    if (n === null) return;
    const start = this.#read % 256;
    same(buffer[0], PATTERN[start], "a byte is lost, or comes twice");
    same(buffer[n - 1], PATTERN[start + n - 1]);
    this.#read += n;
    assert(this.#read <= this.#came);
  }

  /** Goes on when the work is done, or waits for the other side. */
  async #begin(what: string, work: () => Promise<unknown>): Promise<void> {
    if (this.#busy.has(what)) return;
    this.#busy.add(what);
    const working = work().finally(() => this.#busy.delete(what));
    working.catch(() => {});
    this.#pending.push(working);
    for (let n = 0; n < 10; n++) await undefined;
  }

  #checkSent(): void {
    let credit = FIRST_WINDOW;
    for (const data of this.#socket.sent) {
      if (typeof data === "string") assert(/^(end|credit [1-9]\d{0,6})$/.test(data), data);
      else credit -= data.byteLength;
    }
    assert(credit + this.#socket.credited >= 0, "it sends more than it may");
  }
}

const MESSAGES = [
  encodeControl({ type: "ping", n: 1 }),
  encodeControl({ type: "knocked", n: 7 }),
  '{"type":"knock","n":3,"candidates":["203.0.113.9:1","[2001:db8::9]:2"],"nat":"random/port","ports":[1,65535]}',
];
const message = fc.oneof(
  fc.record({ type: fc.constantFrom("ping" as const, "pong" as const, "knocked" as const), n: fc.nat() }),
  fc.record({
    type: fc.constant("knock" as const),
    n: fc.nat(),
    knock: fc.record({
      candidates: fc.array(endpoint, { minLength: 1, maxLength: 8, size: "max" }),
      nat,
      ports: fc.array(port, { minLength: 1, maxLength: 16, size: "max" }),
    }, { requiredKeys: ["candidates", "nat"] }),
  }),
);

/** What goes over WebSockets between peers. */
export const WEB_SOCKET_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget(
    "web-socket-stream",
    "whatever comes when, bytes arrive in order or the stream fails, 8 MiB wait at most, and nobody waits for ever",
    () => ({
      inputs: fc.tuple(fc.boolean(), fc.array(event, { maxLength: 12, size: "max" })),
      check: ([isServing, events]) => new Play(isServing).run(events),
    }),
    3,
  ),
  fuzzTarget("control", "any text is null, or a message; what is written is read as the same", () => ({
    inputs: fc.oneof(
      mutatedText(MESSAGES, ['"type":"knock"', '"n":', '"candidates":', '"ports":[', "null", "1e400"]),
      message,
    ),
    check(input) {
      const read = decodeControl(typeof input === "string" ? input : encodeControl(input));
      if (typeof input !== "string") same(read, input);
      if (read) assert(Number.isSafeInteger(read.n));
      if (read?.type === "knock") {
        const { candidates, ports = [] } = read.knock;
        assert(candidates.length >= 1 && candidates.length <= 8 && ports.length <= 16 && ports.every(isPort));
        assert(candidates.every((e) => addressFamily(e.hostname) !== 0 && isPort(e.port)));
      }
      unpolluted();
    },
  })),
  fuzzTarget("control-answers", "each message gets one answer, or the channel is closed", () => ({
    inputs: fc.array(fc.oneof(mutatedText(MESSAGES), message.map(encodeControl)), { maxLength: 6 }),
    check(texts) {
      const socket = new FakeWebSocket("");
      let knocks = 0;
      const remote = { hostname: "203.0.113.9", port: 1 };
      answerControl(socket as unknown as WebSocket, remote, (knock) => {
        same([knock.via, knock.from], ["control", remote.hostname]);
        knocks++;
      });
      for (const text of texts) socket.receive(text);
      assert(socket.sent.length <= texts.length && knocks <= socket.sent.length);
      assert(socket.sent.length === texts.length || socket.readyState > WebSocket.OPEN);
    },
  })),
];
