/** What strangers may send to the ports of `skip serve`: it goes on serving, in the same memory. */
import { assert, assertEquals } from "@std/assert";
import { residentBytes } from "../bench/_process.ts";
import { openSocket } from "../hostile/_attacks.ts";
import { limitDescriptors } from "../process_faults.ts";
import { serveAlone, type Serving, skip } from "./_skip.ts";

const MB = 1024 * 1024;
/** What a few hundred connections and the garbage of some megabytes may cost. */
const MAX_GROWTH_MB = 60;

/** Noise that is the same in every run (xorshift32). */
function noise(length: number, seed = 2463534242): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).map(() => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return seed;
  });
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

const DATAGRAMS: Record<string, Uint8Array<ArrayBuffer>> = {
  "a negative length": bytes("l-3:e"),
  "60 KB of noise": noise(60_000),
  "the longest datagram": noise(65_507),
  "nothing": new Uint8Array(),
  "lists in lists": bytes("l".repeat(1400)),
  "lists in lists, all closed": bytes("l".repeat(700) + "e".repeat(700)),
  "dictionaries in dictionaries": bytes("d1:a".repeat(350)),
  "truncated bencode": bytes("d1:ad2:id20:abcdefghij01234567"),
  "a length beyond the end": bytes("d1:y99999999999:q"),
  "a number without an end": bytes("i" + "9".repeat(1000)),
  "a query with no arguments": bytes("d1:q4:ping1:t2:aa1:y1:qe"),
  "a query with arguments of the wrong type": bytes("d1:ali1ei2ee1:q9:find_node1:t2:aa1:y1:qe"),
  "an answer to nothing": bytes("d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:re"),
  "an error of odd form": bytes("d1:e3:odd1:t2:aa1:y1:ee"),
  "a sealed knock's beginning": noise(200, 7),
};

const STREAMS: Record<string, Uint8Array<ArrayBuffer>> = {
  "nothing, for ever": new Uint8Array(),
  "noise": noise(30_000),
  "half a STUN header": Uint8Array.of(0, 1, 0, 8, 0x21, 0x12, 0xa4),
  "a STUN request of the greatest length": Uint8Array.of(
    0,
    1,
    0xff,
    0xfc,
    0x21,
    0x12,
    0xa4,
    0x42,
    ...noise(300),
  ),
  "half a TLS record": Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3),
  "a TLS record of noise": Uint8Array.of(22, 3, 1, 1, 0, ...noise(256)),
  "HTTP without TLS": bytes("GET / HTTP/1.1\r\nhost: x\r\n\r\n"),
};

async function assertServes({ id, bootstrap }: Serving, after: string) {
  const args = ["connect", id, "--bootstrap", bootstrap, "--quiet"];
  const { code, stdout, stderr } = await skip(args, { input: "still there?\n" });
  assertEquals([code, stdout.split("\n")[1], stderr], [0, "still there?", ""], after);
}

function assertGrewLittle(before: number, after: number) {
  const growth = Math.round((after - before) / MB);
  assert(growth < MAX_GROWTH_MB, `${growth} MB more`);
}

function endpointOf({ bootstrap }: Serving): { hostname: string; port: number } {
  return { hostname: "127.0.0.1", port: Number(bootstrap.split(":")[1]) };
}

Deno.test("skip serve survives whatever comes to its UDP port", async () => {
  await using server = await serveAlone();
  await assertServes(server, "before");
  const before = await residentBytes(server.pid);
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const to = { transport: "udp", ...endpointOf(server) } as const;
  for (let round = 0; round < 100; round++) {
    for (const datagram of Object.values(DATAGRAMS)) await socket.send(datagram, to);
  }
  await assertServes(server, "after all");
  assertGrewLittle(before, await residentBytes(server.pid));
  socket.close();
});

Deno.test("skip serve answers a ping after each kind of bad datagram", async () => {
  await using server = await serveAlone();
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const to = { transport: "udp", ...endpointOf(server) } as const;
  for (const [name, datagram] of Object.entries(DATAGRAMS)) {
    await socket.send(datagram, to);
    const transaction = `t${name.length}`.padEnd(4, "x");
    await socket.send(bytes(`d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t4:${transaction}1:y1:qe`), to);
    let answer = "";
    while (!answer.includes(transaction)) {
      answer = new TextDecoder("latin1").decode((await socket.receive())[0]);
    }
    assert(answer.includes("1:y1:r"), name);
  }
  socket.close();
});

Deno.test("skip serve survives whatever comes to its TCP port, also what never ends", async () => {
  await using server = await serveAlone();
  await assertServes(server, "before");
  const before = await residentBytes(server.pid);
  const open: Deno.Conn[] = [];
  for (let round = 0; round < 20; round++) {
    for (const [name, head] of Object.entries(STREAMS)) {
      const conn = await Deno.connect(endpointOf(server));
      open.push(conn);
      await conn.write(head).catch((error) => assert(!name.includes("half"), error)); // closed on the spot
    }
  }
  await assertServes(server, "with all of them open");
  assertGrewLittle(before, await residentBytes(server.pid));
  for (const conn of open) conn.close();
  await assertServes(server, "after all");
});

Deno.test("skip serve survives a peer that stops in the middle of a WebSocket frame, or breaks its rules", async () => {
  await using server = await serveAlone();
  const frames: Record<string, Uint8Array<ArrayBuffer>> = {
    "half a header": Uint8Array.of(0x81),
    "half a frame": Uint8Array.of(0x81, 0xfe, 0x10, 0, 1, 2, 3, 4, 5, 6),
    "a frame of 2^63 bytes": Uint8Array.of(0x82, 0xff, 0x7f, ...Array(7).fill(0xff), 1, 2, 3, 4, 5),
    "a frame without a mask": Uint8Array.of(0x81, 2, 65, 66),
    "text that is no UTF-8": Uint8Array.of(0x81, 0x82, 0, 0, 0, 0, 0xff, 0xff),
    "noise": noise(5000),
  };
  const open: Deno.TlsConn[] = [];
  for (const frame of Object.values(frames)) {
    const tls = await openSocket({ id: server.id, port: endpointOf(server).port });
    open.push(tls);
    await tls.write(frame);
  }
  await assertServes(server, "with all of them open");
  for (const tls of open) tls.close();
  await assertServes(server, "after all");
});

Deno.test({
  name: "skip serve goes on after it has had no descriptor left, also in the middle of a connection",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using server = await serveAlone();
    await assertServes(server, "before");
    const { id, bootstrap } = server;
    // With none left it cannot accept, with one not reach its own server, with two its server cannot accept.
    for (const free of [0, 1, 2]) {
      const giveBack = await limitDescriptors(server.pid, free);
      // Long enough for it to look at its own addresses meanwhile.
      await skip(["connect", id, "--bootstrap", bootstrap, "--quiet", "--timeout", free === 0 ? "6" : "2"]);
      await giveBack();
    }
    await assertServes(server, "after all");
    assertEquals(server.running, true);
  },
});
