import { assertEquals, assertRejects } from "@std/assert";
import {
  decodeStun,
  decodeXorAddress,
  encodeStun,
  newTransactionId,
  StunAttribute,
  StunType,
} from "../../lib/candidates/mod.ts";
import { answerChecks, checkPath } from "../../lib/check/mod.ts";
import { PeerError } from "../../lib/errors.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { readAll, tcpPair } from "../_streams.ts";

const TLS_HELLO = Uint8Array.of(22, 3, 1, ...new Uint8Array(30));

Deno.test("checkPath() and answerChecks() agree, and TLS follows", async () => {
  const identity = generateIdentity();
  const [here, there] = await tcpPair();
  const answering = answerChecks(there, identity);
  const { mapped, rttMs } = await checkPath(here, identity.publicKey);
  assertEquals(mapped, { hostname: "127.0.0.1", port: here.localAddr.port });
  assertEquals(rttMs > 0, true);
  await here.write(TLS_HELLO);
  const path = await answering;
  assertEquals(path?.head, TLS_HELLO.subarray(0, 20));
  here.close();
  there.close();
});

Deno.test("checkPath() refuses a peer with another key, who does not learn which id was wanted", async () => {
  const wanted = generateIdentity();
  const [here, there] = await tcpPair();
  const answering = answerChecks(there, generateIdentity());
  const error = await assertRejects(() => checkPath(here, wanted.publicKey), PeerError);
  assertEquals([error.code, String(error.cause)], ["not-proven", "Error: it holds another id"]);
  assertEquals(await answering, null);
});

Deno.test("checkPath() says nothing from which the id could be read", async () => {
  const wanted = generateIdentity();
  const [here, there] = await tcpPair();
  const checking = checkPath(here, wanted.publicKey).catch(() => {});
  const seen = new Uint8Array(512);
  const n = (await there.read(seen))!;
  there.close();
  await checking;
  assertEquals(seen.subarray(0, n).toHex().includes(wanted.publicKey.toHex()), false);
});

Deno.test("checkPath() refuses answers that prove nothing", async () => {
  const identity = generateIdentity(), impostor = generateIdentity();
  const answers: [string, (request: Uint8Array) => Promise<Uint8Array> | Uint8Array][] = [
    ["noise", () => crypto.getRandomValues(new Uint8Array(200))],
    ["HTTP", () => new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["the request itself", (request) => request],
    ["success without proof", (request) => {
      const { transactionId } = decodeStun(request)!;
      return encodeStun({ type: StunType.success, transactionId, attributes: new Map() });
    }],
    ["an old answer", async () => {
      const [a, b] = await tcpPair();
      const answering = answerChecks(b, identity);
      const old = encodeStun({
        type: StunType.request,
        transactionId: newTransactionId(),
        attributes: new Map(),
      });
      await a.write(old);
      const answer = new Uint8Array(512);
      const n = (await a.read(answer))!;
      a.close();
      await answering;
      return answer.subarray(0, n);
    }],
    ["somebody else's signature", (request) => {
      const { transactionId } = decodeStun(request)!;
      const proof = impostor.sign(transactionId);
      const address = Uint8Array.fromHex("0001a147e112a643");
      const attributes = new Map([[StunAttribute.xorMappedAddress, address], [StunAttribute.proof, proof]]);
      return encodeStun({ type: StunType.success, transactionId, attributes });
    }],
  ];
  for (const [name, answer] of answers) {
    const [here, there] = await tcpPair();
    const checking = checkPath(here, identity.publicKey);
    const request = new Uint8Array(512);
    const n = (await there.read(request))!;
    await there.write(await answer(request.slice(0, n)));
    const error = await assertRejects(() => checking, PeerError, undefined, name);
    assertEquals(error.code, "not-proven", name);
    there.close();
  }
});

Deno.test("checkPath() gives up a peer that never answers", async () => {
  const [here, there] = await tcpPair();
  const error = await assertRejects(
    () => checkPath(here, generateIdentity().publicKey, { timeoutMs: 20 }),
    PeerError,
  );
  assertEquals([error.code, (error.cause as Error).name], ["not-proven", "TimeoutError"]);
  await readAll(there); // ends: a path that failed is closed
  there.close();
});

Deno.test("checkPath() rejects with the reason of its signal", async () => {
  const [here, there] = await tcpPair();
  const reason = new Error("enough");
  assertEquals(
    await assertRejects(() =>
      checkPath(here, generateIdentity().publicKey, { signal: AbortSignal.abort(reason) })
    ),
    reason,
  );
  there.close();
});

Deno.test("answerChecks() is a plain STUN server for those who want no id", async () => {
  const [here, there] = await tcpPair();
  const answering = answerChecks(there, generateIdentity());
  for (let i = 0; i < 3; i++) {
    const transactionId = newTransactionId();
    await here.write(encodeStun({ type: StunType.request, transactionId, attributes: new Map() }));
    const bytes = new Uint8Array(512);
    const answer = decodeStun(bytes.subarray(0, (await here.read(bytes))!))!;
    assertEquals([answer.type, answer.transactionId], [StunType.success, transactionId]);
    const mapped = decodeXorAddress(answer.attributes.get(StunAttribute.xorMappedAddress)!, transactionId);
    assertEquals(mapped, { hostname: "127.0.0.1", port: here.localAddr.port });
    assertEquals(answer.attributes.has(StunAttribute.proof), false);
  }
  here.close();
  assertEquals(await answering, null);
});

Deno.test("answerChecks() answers 420 to an attribute that it may not ignore", async () => {
  const [here, there] = await tcpPair();
  const answering = answerChecks(there, generateIdentity());
  const attributes = new Map([[0x7fff, Uint8Array.of(1)]]);
  await here.write(encodeStun({ type: StunType.request, transactionId: newTransactionId(), attributes }));
  const bytes = new Uint8Array(512);
  const answer = decodeStun(bytes.subarray(0, (await here.read(bytes))!))!;
  assertEquals(answer.type, StunType.error);
  assertEquals(answer.attributes.get(StunAttribute.unknownAttributes), Uint8Array.of(0x7f, 0xff));
  here.close();
  assertEquals(await answering, null);
});

Deno.test("answerChecks() closes a path that speaks something else, is cut off, or says nothing", async () => {
  const hellos: [string, Uint8Array, boolean][] = [
    ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), false],
    ["half a header", Uint8Array.of(0, 1, 0), true],
    ["noise", Uint8Array.from({ length: 4000 }, (_, i) => 200 + i % 50), false],
    [
      "a STUN header that announces 65 KB",
      Uint8Array.fromHex("0001fffc2112a442000000000000000000000000"),
      false,
    ],
    ["nothing", new Uint8Array(), false],
  ];
  for (const [name, bytes, finish] of hellos) {
    const [here, there] = await tcpPair();
    const answering = answerChecks(there, generateIdentity(), { timeoutMs: 50 });
    if (bytes.length > 0) await here.write(bytes);
    if (finish) await here.closeWrite();
    assertEquals(await answering, null, name);
    await readAll(here).catch(() => {}); // ends, by FIN or RST
    here.close();
  }
});

Deno.test("answerChecks() closes a path that asks without end", async () => {
  const [here, there] = await tcpPair();
  const answering = answerChecks(there, generateIdentity());
  const request = encodeStun({
    type: StunType.request,
    transactionId: newTransactionId(),
    attributes: new Map(),
  });
  for (let i = 0; i < 65; i++) await here.write(request);
  assertEquals(await answering, null);
  here.close();
});

Deno.test("answerChecks() tells who asks for the id from who does not", async () => {
  const identity = generateIdentity();
  const [here, there] = await tcpPair();
  let asked = 0;
  const answering = answerChecks(there, identity, { onWanted: () => asked++ });
  const plain = { type: StunType.request, transactionId: newTransactionId(), attributes: new Map() };
  await here.write(encodeStun(plain));
  await here.read(new Uint8Array(512));
  await assertRejects(() => checkPath(here, generateIdentity().publicKey), PeerError);
  assertEquals([await answering, asked], [null, 0]);
});

Deno.test("answerChecks() lets nobody begin TLS who has not asked for the id", async () => {
  const identity = generateIdentity();
  const plain = encodeStun({
    type: StunType.request,
    transactionId: newTransactionId(),
    attributes: new Map(),
  });
  for (const before of [new Uint8Array(), plain]) {
    const [here, there] = await tcpPair();
    const answering = answerChecks(there, identity);
    if (before.length > 0) {
      await here.write(before);
      await here.read(new Uint8Array(512));
    }
    await here.write(TLS_HELLO);
    assertEquals([await answering, await readAll(here).catch(() => new Uint8Array())], [
      null,
      new Uint8Array(),
    ]);
    here.close();
  }
});
