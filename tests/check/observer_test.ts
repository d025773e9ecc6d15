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

type Reply = (transactionId: Uint8Array) => Uint8Array<ArrayBuffer>;

const success = (transactionId: Uint8Array, attributes: [number, Uint8Array][]) =>
  encodeStun({ type: StunType.success, transactionId, attributes: new Map(attributes) });

Deno.test("askObserver() refuses answers that are none, and closes the stream", async () => {
  const replies: Record<string, Reply> = {
    "noise": () => crypto.getRandomValues(new Uint8Array(100)),
    "another transaction": () => success(newTransactionId(), []),
    "no address": (id) => success(id, []),
    "a broken address": (id) => success(id, [[StunAttribute.xorMappedAddress, new Uint8Array(3)]]),
    "an error": (transactionId) => encodeStun({ type: StunType.error, transactionId, attributes: new Map() }),
    "nothing": () => new Uint8Array(),
  };
  for (const [name, reply] of Object.entries(replies)) {
    const [here, there] = await tcpPair();
    const asking = askObserver(here, { timeoutMs: name === "nothing" ? 30 : 3000 });
    asking.catch(() => {});
    const request = new Uint8Array(512);
    const n = (await there.read(request))!;
    const bytes = reply(decodeStun(request.slice(0, n))!.transactionId);
    if (bytes.length > 0) await there.write(bytes);
    await assertRejects(() => asking, Error, undefined, name);
    await readAll(there).catch(() => {}); // ends
    there.close();
  }
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
