import { assertEquals } from "@std/assert";
import { encodeStun, newTransactionId, StunType } from "../lib/candidates/mod.ts";
import { askObserver, checkPath } from "../lib/check/mod.ts";
import { formatEndpoint } from "../lib/endpoint.ts";
import { Gate } from "../lib/_gate.ts";
import { generateIdentity } from "../lib/identity/mod.ts";
import type { Progress } from "../lib/progress.ts";
import type { ByteStream } from "../lib/punch/mod.ts";
import { readAll, tcpPair } from "./_streams.ts";

const TLS_HELLO = Uint8Array.of(22, 3, 1, ...new Uint8Array(30));

/** A gate whose tunnel keeps what it is given. */
function gateWithTunnel() {
  const identity = generateIdentity();
  const accepted = Promise.withResolvers<[ByteStream, Uint8Array | undefined]>();
  const events: Progress[] = [];
  const accept = (stream: ByteStream, head?: Uint8Array) => {
    accepted.resolve([stream, head]);
    return Promise.resolve();
  };
  const gate = new Gate(identity, { accept }, (event) => events.push(event));
  return { identity, gate, events, accepted: accepted.promise };
}

Deno.test("Gate hands a path to the tunnel once TLS begins, with the bytes that it has read", async () => {
  const { identity, gate, events, accepted } = gateWithTunnel();
  await using _ = gate;
  const [here, there] = await tcpPair();
  const notified = new Promise<void>((resolve) => gate.onPath(formatEndpoint(here.localAddr), resolve));
  gate.admit(there);
  await checkPath(here, identity.publicKey);
  await here.write(TLS_HELLO);
  const [stream, head] = await accepted;
  await notified;
  assertEquals([stream, head], [there, TLS_HELLO.subarray(0, 20)]);
  assertEquals(events.map((e) => e.type), ["path"]);
  here.close();
  there.close();
});

Deno.test("Gate keeps strangers from the tunnel", async () => {
  const { gate, events } = gateWithTunnel();
  const [here, there] = await tcpPair();
  gate.admit(there);
  await here.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: example\r\n\r\n"));
  await readAll(here).catch(() => {}); // it closes
  await gate[Symbol.asyncDispose]();
  assertEquals(events, []);
  here.close();
});

Deno.test("Gate closes what is still being checked when it is disposed of, and takes nothing after", async () => {
  const { gate } = gateWithTunnel();
  const [here, there] = await tcpPair();
  gate.admit(there);
  const request = { type: StunType.request, transactionId: newTransactionId(), attributes: new Map() };
  await here.write(encodeStun(request));
  await here.read(new Uint8Array(100));
  await gate[Symbol.asyncDispose]();
  assertEquals(await here.read(new Uint8Array(1)), null);
  here.close();

  const [late, refused] = await tcpPair();
  gate.admit(refused);
  assertEquals(await late.read(new Uint8Array(1)), null);
  late.close();
});

/** A path on which nothing ever comes, and whether it was closed. */
function silentPath(hostname: string): ByteStream & { isClosed: boolean } {
  const { promise, resolve } = Promise.withResolvers<null>();
  return {
    localAddr: { hostname: "127.0.0.1", port: 1 },
    remoteAddr: { hostname, port: 2 },
    isClosed: false,
    read: () => promise,
    write: () => Promise.resolve(0),
    closeWrite: () => Promise.resolve(),
    close() {
      this.isClosed = true;
      resolve(null);
    },
  };
}

Deno.test("Gate takes a limited number of unchecked paths from one address", async () => {
  const { gate } = gateWithTunnel();
  const strangers = Array.from({ length: 300 }, () => silentPath("203.0.113.1"));
  for (const stranger of strangers) gate.admit(stranger);
  assertEquals(strangers.map((s) => s.isClosed), strangers.map((_, i) => i < 300 - 256));
  await gate[Symbol.asyncDispose]();
});

Deno.test("Gate lets no path of a volley push out another, so that the peer has time to check one", async () => {
  const { gate } = gateWithTunnel();
  const volley = Array.from({ length: 768 }, () => silentPath("203.0.113.1"));
  for (const path of volley) gate.admit(path, true);
  assertEquals(volley.map((s) => s.isClosed), volley.map((_, i) => i >= 256));
  const late = silentPath("203.0.113.1");
  gate.admit(late);
  assertEquals([late.isClosed, volley[0]!.isClosed], [false, true]);
  await gate[Symbol.asyncDispose]();
});

Deno.test("Gate keeps whoever has asked for its id while thousands of strangers come from everywhere", async () => {
  const { identity, gate, accepted } = gateWithTunnel();
  await using _ = gate;
  const [here, there] = await tcpPair();
  gate.admit(there);
  await checkPath(here, identity.publicKey);
  const strangers = Array.from({ length: 3000 }, (_, i) => silentPath(`203.0.${i >> 8}.${i & 255}`));
  for (const stranger of strangers) gate.admit(stranger);
  assertEquals(strangers.filter((s) => !s.isClosed).length, 1024 - 1);
  await here.write(TLS_HELLO);
  assertEquals((await accepted)[0], there);
  here.close();
  there.close();
});

Deno.test("Gate is an observer where it has a probe", async () => {
  const asked: unknown[] = [];
  const probe = (target: unknown, transport: unknown) => {
    asked.push([target, transport]);
    return Promise.resolve("silence" as const);
  };
  const tunnel = { accept: () => Promise.resolve() };
  await using gate = new Gate(generateIdentity(), tunnel, () => {}, { probe });
  const [here, there] = await tcpPair();
  gate.admit(there);
  const { outcome } = await askObserver(here, { probe: { transport: "tcp", port: 4000 } });
  assertEquals([outcome, asked], ["silence", [[{ hostname: "127.0.0.1", port: 4000 }, "tcp"]]]);
  here.close();
});
