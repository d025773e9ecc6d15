import { assertEquals, assertRejects } from "@std/assert";
import {
  decodeStun,
  encodeStun,
  encodeXorAddress,
  newTransactionId,
  StunAttribute,
  StunType,
} from "../../lib/candidates/mod.ts";
import { answerChecks, askObserver, type Probe, type ProbeOutcome } from "../../lib/check/mod.ts";
import type { Endpoint } from "../../lib/endpoint.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { from } from "../tunnel/pair.ts";
import type { ByteStream } from "../../lib/punch/mod.ts";
import { readAll, tcpPair } from "../_streams.ts";

const local = ({ localAddr: { hostname, port } }: ByteStream): Endpoint => ({ hostname, port });

/** What was asked for, and the answer to it. */
function recorder(outcome: ProbeOutcome) {
  const asked: { target: Endpoint; transport: string; transactionId: Uint8Array }[] = [];
  const probe: Probe = (target, transport, transactionId) => {
    asked.push({ target, transport, transactionId });
    return Promise.resolve(outcome);
  };
  return { asked, probe };
}

Deno.test("askObserver() has a port of its own address tried, and no other address", async () => {
  const [here, there] = await tcpPair();
  const { asked, probe } = recorder("reset");
  const answering = answerChecks(there, generateIdentity(), { probe });
  const transactionId = newTransactionId();
  const answer = await askObserver(here, { probe: { transport: "udp", port: 40_000 }, transactionId });
  assertEquals(answer, { mapped: local(here), outcome: "reset" });
  assertEquals(asked, [{ target: { hostname: "127.0.0.1", port: 40_000 }, transport: "udp", transactionId }]);
  await askObserver(here, { probe: { transport: "tcp", port: 0 } });
  assertEquals(asked[1]!.target, local(here));
  here.close();
  assertEquals(await answering, null);
});

Deno.test("askObserver() tells a plain STUN server by its silence on PROBE", async () => {
  const [here, there] = await tcpPair();
  const answering = answerChecks(there, generateIdentity());
  assertEquals(await askObserver(here, { probe: { transport: "tcp", port: 0 } }), { mapped: local(here) });
  here.close();
  await answering;
});

Deno.test("answerChecks() tries nothing for a PROBE that is malformed", async () => {
  const [here, there] = await tcpPair();
  const { asked, probe } = recorder("in");
  const answering = answerChecks(there, generateIdentity(), { probe });
  for (const hex of ["", "06", "2a000400", "0600040000"]) {
    const attributes = new Map([[StunAttribute.probe, Uint8Array.fromHex(hex)]]);
    await here.write(encodeStun({ type: StunType.request, transactionId: newTransactionId(), attributes }));
    const bytes = new Uint8Array(512);
    const answer = decodeStun(bytes.subarray(0, (await here.read(bytes))!))!;
    assertEquals([answer.type, answer.attributes.has(StunAttribute.probed)], [StunType.success, false], hex);
  }
  here.close();
  await answering;
  assertEquals(asked, []);
});

/** `undefined`: silence. */
type Reply = (transactionId: Uint8Array) => Uint8Array<ArrayBuffer> | undefined;

const success = (transactionId: Uint8Array, attributes: [number, Uint8Array][]) =>
  encodeStun({ type: StunType.success, transactionId, attributes: new Map(attributes) });

/** Asks a server at `hostname`, which gives `reply`. */
async function ask(reply: Reply, { hostname = "127.0.0.1", timeoutMs = 3000 } = {}) {
  const [here, there] = await tcpPair();
  const asking = askObserver(from(hostname, here.remoteAddr.port, here), { timeoutMs });
  asking.catch(() => {});
  const request = new Uint8Array(512);
  const n = (await there.read(request))!;
  const bytes = reply(decodeStun(request.slice(0, n))!.transactionId);
  if (bytes) await there.write(bytes);
  try {
    return (await asking).mapped;
  } catch (error) {
    await readAll(there).catch(() => {}); // ends: the stream was closed
    throw error;
  } finally {
    here.close();
    there.close();
  }
}

const seenAt = (hostname: string): Reply => (id) =>
  success(id, [[StunAttribute.xorMappedAddress, encodeXorAddress({ hostname, port: 4000 }, id)]]);

/** A header, and then what it announces. */
function withLength(id: Uint8Array, length: number, body = new Uint8Array(length)) {
  const bytes = new Uint8Array([...success(id, []), ...body]);
  new DataView(bytes.buffer).setUint16(2, length);
  return bytes;
}

Deno.test("askObserver() refuses answers that are none, and closes the stream", async () => {
  const replies: Record<string, Reply> = {
    "noise": () => crypto.getRandomValues(new Uint8Array(100)),
    "a web server": () => new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "another transaction": () => seenAt("127.0.0.1")(newTransactionId()),
    "no address": (id) => success(id, []),
    "a broken address": (id) => success(id, [[StunAttribute.xorMappedAddress, new Uint8Array(3)]]),
    "a broken old address": (id) => success(id, [[StunAttribute.mappedAddress, new Uint8Array(3)]]),
    "an error": (transactionId) => encodeStun({ type: StunType.error, transactionId, attributes: new Map() }),
    "more than anybody needs": (id) => withLength(id, 65_532),
    "an attribute longer than the message": (id) =>
      withLength(id, 8, Uint8Array.of(0, 0x20, 255, 255, 0, 1, 0, 0)),
    "half an attribute": (id) => withLength(id, 4, Uint8Array.of(0, 0x20, 0, 8)),
  };
  for (const [name, reply] of Object.entries(replies)) {
    await assertRejects(() => ask(reply), Error, "Cannot observe", name);
  }
});

Deno.test("askObserver() gives up a server that does not answer, or not to the end", async () => {
  const half: Reply = (id) => seenAt("127.0.0.1")(id)!.slice(0, -1);
  for (const reply of [() => undefined, half]) {
    const error = await assertRejects(() => ask(reply, { timeoutMs: 30 }), DOMException);
    assertEquals(error.name, "TimeoutError");
  }
});

Deno.test("askObserver() refuses endpoints that the server cannot have seen", async () => {
  for (
    const address of ["10.0.0.7", "192.168.1.2", "100.64.3.1", "127.0.0.1", "169.254.1.1", "fd00::7", "::1"]
  ) {
    const asking = () => ask(seenAt(address), { hostname: "203.0.113.9" });
    await assertRejects(asking, Error, "cannot have seen", address);
    assertEquals((await ask(seenAt(address), { hostname: "192.168.1.1" })).hostname, address);
  }
  for (const address of ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"]) {
    await assertRejects(() => ask(seenAt(address)), Error, "cannot have seen", address);
  }
  assertEquals((await ask(seenAt("198.51.100.7"), { hostname: "203.0.113.9" })).hostname, "198.51.100.7");
});

Deno.test("askObserver() reads the address of servers that know no XOR, and believes the XOR of those that do", async () => {
  const mapped = { hostname: "192.0.2.1", port: 32853 };
  const plain: [number, Uint8Array] = [StunAttribute.mappedAddress, Uint8Array.fromHex("00018055c0000201")];
  assertEquals(await ask((id) => success(id, [plain])), mapped);
  const rewritten: [number, Uint8Array] = [
    StunAttribute.mappedAddress,
    Uint8Array.fromHex("000110e1c0a80102"),
  ];
  const hidden = (id: Uint8Array): [number, Uint8Array] => [
    StunAttribute.xorMappedAddress,
    encodeXorAddress(mapped, id),
  ];
  assertEquals(await ask((id) => success(id, [rewritten, hidden(id)])), mapped);
});

Deno.test("askObserver() ignores an outcome that nobody knows, or that was not asked for", async () => {
  for (const [probed, probe] of [["7f", true], ["", true], ["00", false]] as const) {
    const [here, there] = await tcpPair();
    const asking = askObserver(here, probe ? { probe: { transport: "tcp", port: 0 } } : {});
    const request = new Uint8Array(512);
    const { transactionId } = decodeStun(request.slice(0, (await there.read(request))!))!;
    await there.write(success(transactionId, [
      [StunAttribute.xorMappedAddress, encodeXorAddress(here.localAddr, transactionId)],
      [StunAttribute.probed, Uint8Array.fromHex(probed)],
    ]));
    assertEquals(await asking, { mapped: local(here) });
    here.close();
    there.close();
  }
});
