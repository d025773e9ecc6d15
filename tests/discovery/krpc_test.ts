import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Endpoint } from "../../lib/endpoint.ts";
import { type BencodeDict, readBencode, writeBencode } from "../../lib/discovery/bencode.ts";
import { readPacket } from "../../lib/discovery/guard.ts";
import {
  compactEndpoint,
  Krpc,
  KrpcError,
  type KrpcEvents,
  QUERY_TIMEOUT_MS,
} from "../../lib/discovery/krpc.ts";
import type { DatagramSocket } from "../../lib/discovery/socket.ts";
import { SimulatedClock } from "../simulation.ts";

const ID = new Uint8Array(20).fill(1);
const PEER_ID = new Uint8Array(20).fill(2);
const PEER = { hostname: "203.0.113.5", port: 6881 };
const STRANGER = { hostname: "203.0.113.6", port: 6881 };

/** A socket whose other side is the test. */
class Wire implements DatagramSocket {
  readonly address = { hostname: "127.0.0.1", port: 1 };
  readonly sent: { message: BencodeDict; to: Endpoint; data: Uint8Array }[] = [];
  onDatagram?: (data: Uint8Array, from: Endpoint) => void;
  send(data: Uint8Array, to: Endpoint): void {
    this.sent.push({ message: readBencode(Buffer.from(data)) as BencodeDict, to, data });
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
  receive(message: unknown, from: Endpoint): void {
    this.onDatagram?.(writeBencode(message), from);
  }
}

function setUp(events: Partial<KrpcEvents> = {}, readOnly = false) {
  const wire = new Wire();
  const clock = new SimulatedClock();
  const nothing: KrpcEvents = { onQuery: () => undefined, onAnswer() {}, onSilence() {}, onDatagram() {} };
  return { wire, clock, krpc: new Krpc({ id: ID, readOnly }, wire, { ...nothing, ...events }, clock) };
}

/** The answer to the last question that was sent. */
function answer(wire: Wire, fields: Record<string, unknown> = { y: "r", r: { id: PEER_ID } }) {
  return { t: wire.sent.at(-1)!.message.t, ...fields };
}

function timeout(clock: SimulatedClock) {
  return clock.pass(QUERY_TIMEOUT_MS);
}

Deno.test("Krpc.query() resolves with the answer and the time it took", async () => {
  const { wire, clock, krpc } = setUp();
  const asked = krpc.query(PEER, "ping", {});
  clock.schedule(50, () => wire.receive(answer(wire), PEER));
  const { message, rttMs } = await clock.run(asked);
  assertEquals([new Uint8Array(message.r.id), rttMs], [PEER_ID, 50]);
});

Deno.test("Krpc.query() sends our id, our version, and ro only when read-only", async () => {
  for (const readOnly of [false, true]) {
    const { wire, krpc } = setUp({}, readOnly);
    const asked = krpc.query(PEER, "get", { target: PEER_ID });
    const { message, to, data } = wire.sent[0]!;
    assertEquals(to, PEER);
    assertEquals([message.ro, String(message.q), String(message.y)], [readOnly ? 1 : undefined, "get", "q"]);
    assertEquals((message.v as Buffer).length, 4);
    const query = readPacket(data);
    assertEquals(query?.y === "q" && new Uint8Array(query.a.id), ID);
    wire.receive(answer(wire), PEER);
    await asked;
  }
});

Deno.test("Krpc.query() draws its transactions at random", async () => {
  const { wire, clock, krpc } = setUp();
  const asked = Array.from({ length: 100 }, () => krpc.query(PEER, "ping", {}).catch(() => {}));
  const ids = wire.sent.map(({ message }) => (message.t as Buffer).readUInt32BE());
  assertEquals(new Set(ids).size, 100);
  assertNotEquals(ids.toSorted((a, b) => a - b), ids);
  await clock.run(Promise.all(asked));
});

Deno.test("Krpc.query() takes the answer of nobody but the node that was asked", async () => {
  const silent: Endpoint[] = [];
  const { wire, clock, krpc } = setUp({ onSilence: (from) => silent.push(from) });
  const asked = krpc.query(PEER, "ping", {});
  wire.receive(answer(wire), STRANGER);
  wire.receive(answer(wire), { ...PEER, port: 6882 });
  wire.receive(answer(wire, { y: "e", e: [201, "no"] }), STRANGER);
  wire.receive({ ...answer(wire), t: "none" }, PEER);
  assertEquals(krpc.stats.dropped, 4);
  const refused = assertRejects(() => asked, DOMException, "Cannot ask 203.0.113.5:6881: no answer");
  await timeout(clock);
  assertEquals([(await refused).name, silent], ["TimeoutError", [PEER]]);
});

Deno.test("Krpc.query() rejects with the node's refusal", async () => {
  const { wire, krpc } = setUp();
  const asked = krpc.query(PEER, "put", {});
  wire.receive(answer(wire, { y: "e", e: [302, "old"] }), PEER);
  const error = await assertRejects(() => asked, KrpcError, "old");
  assertEquals(error.code, 302);
});

Deno.test("Krpc.query() rejects with the signal's reason, before and after sending", async () => {
  const { wire, clock, krpc } = setUp();
  const reason = new Error("enough");
  assertEquals(
    await assertRejects(() => krpc.query(PEER, "ping", {}, { signal: AbortSignal.abort(reason) })),
    reason,
  );
  assertEquals(wire.sent.length, 0);
  const aborter = new AbortController();
  const asked = krpc.query(PEER, "ping", {}, { signal: aborter.signal });
  aborter.abort(reason);
  assertEquals(await assertRejects(() => asked), reason);
  wire.receive(answer(wire), PEER); // too late, and nobody minds
  await timeout(clock);
});

Deno.test("Krpc.close() rejects what is pending, and what is asked later", async () => {
  const { krpc } = setUp();
  const pending = [krpc.query(PEER, "ping", {}), krpc.query(STRANGER, "ping", {})];
  const reason = new DOMException("closed", "AbortError");
  const rejected = pending.map((one) => assertRejects(() => one, DOMException, "closed"));
  await krpc.close(reason);
  await Promise.all(rejected);
  assertEquals(await assertRejects(() => krpc.query(PEER, "ping", {})), reason);
  await krpc.close(reason);
});

const QUESTION = { t: "xy", y: "q", q: "ping", a: { id: PEER_ID } };

Deno.test("Krpc answers with the asker's transaction and endpoint", () => {
  const { wire } = setUp({ onQuery: () => ({ r: { id: ID } }) });
  wire.receive(QUESTION, PEER);
  const { message, to } = wire.sent[0]!;
  assertEquals([String(message.t), String(message.y), to], ["xy", "r", PEER]);
  assertEquals(new Uint8Array(message.ip as Buffer), Uint8Array.of(203, 0, 113, 5, 0x1a, 0xe1));
});

Deno.test("Krpc answers with an error", () => {
  const { wire } = setUp({ onQuery: () => ({ e: [204, "method unknown"] }) });
  wire.receive(QUESTION, PEER);
  const message = readPacket(wire.sent[0]!.data);
  assertEquals(message?.y === "e" && [message.code, message.message], [204, "method unknown"]);
});

Deno.test("Krpc survives what its handlers throw", () => {
  const { wire, krpc } = setUp({
    onQuery() {
      throw new Error("in the library");
    },
    onDatagram() {
      throw new Error("in the application");
    },
  });
  wire.receive(QUESTION, PEER);
  wire.onDatagram?.(Uint8Array.of(1), PEER);
  assertEquals([wire.sent.length, krpc.stats.dropped], [0, 1]);
});

Deno.test("Krpc answers at most 50 questions of one endpoint in 10 s", async () => {
  const { wire, clock, krpc } = setUp({ onQuery: () => ({ r: { id: ID } }) });
  for (let i = 0; i < 80; i++) wire.receive(QUESTION, PEER);
  assertEquals([wire.sent.length, krpc.stats.dropped], [50, 30]);
  await clock.pass(10_000);
  wire.receive(QUESTION, PEER);
  assertEquals(wire.sent.length, 51);
});

Deno.test("Krpc hands on copies of datagrams that are not KRPC", () => {
  const got: [Uint8Array, Endpoint][] = [];
  const { wire, krpc } = setUp({ onDatagram: (data, from) => got.push([data, from]) });
  const data = Buffer.of(1, 2, 3); // whose slice() would be a view
  wire.onDatagram?.(data, PEER);
  data.fill(0);
  assertEquals(got, [[Uint8Array.of(1, 2, 3), PEER]]);
  wire.onDatagram?.(new Uint8Array(1_501), PEER);
  wire.onDatagram?.(new Uint8Array(0), PEER);
  assertEquals([got.length, krpc.stats.dropped], [1, 2]);
});

Deno.test("Krpc.sendDatagram() sends what cannot be taken for KRPC", () => {
  const { wire, krpc } = setUp();
  krpc.sendDatagram(PEER, Uint8Array.of(1, 2));
  krpc.sendDatagram(PEER, Uint8Array.of(0x64, 2));
  krpc.sendDatagram(PEER, new Uint8Array(1_501));
  assertEquals(wire.sent.map(({ data }) => data), [Uint8Array.of(1, 2)]);
});

Deno.test("compactEndpoint() gives 6 bytes", () => {
  assertEquals(compactEndpoint({ hostname: "1.2.3.4", port: 258 }), Uint8Array.of(1, 2, 3, 4, 1, 2));
});

Deno.test("Krpc looks at no more than 50 packets in 10 s of an endpoint from which nothing is to come", async () => {
  let queries = 0;
  const { wire, clock, krpc } = setUp({ onQuery: () => void queries++ });
  const ping = { t: Uint8Array.of(1), y: "q", q: "ping", a: { id: PEER_ID } };
  for (let i = 0; i < 100; i++) wire.receive({ t: Uint8Array.of(i), y: "r", r: { id: PEER_ID } }, PEER);
  wire.receive(ping, PEER);
  assertEquals(queries, 0);
  wire.receive(ping, STRANGER);
  assertEquals(queries, 1);
  // An answer that we wait for comes through all the same.
  const asked = krpc.query(PEER, "ping", {});
  clock.schedule(50, () => wire.receive(answer(wire), PEER));
  assertEquals((await clock.run(asked)).rttMs, 50);
});

Deno.test("Krpc.query() takes no answer under another transaction, nor one from another endpoint", async () => {
  const { wire, clock, krpc } = setUp();
  const asked = assertRejects(() => krpc.query(PEER, "ping", {}), DOMException, "no answer");
  const genuine = answer(wire);
  wire.receive({ ...genuine, t: Uint8Array.of(9, 9, 9, 9) }, PEER);
  wire.receive(genuine, STRANGER);
  wire.receive(genuine, { ...PEER, port: 6882 });
  await timeout(clock);
  await asked;
  wire.receive(genuine, PEER); // too late, and nobody minds
  assertEquals(krpc.stats.dropped, 4);
});
