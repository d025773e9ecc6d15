import { assertEquals } from "@std/assert";
import { createSocket } from "node:dgram";
import { readPacket } from "../../lib/discovery/guard.ts";
import { decodePong, encodePing } from "../../lib/discovery/ping.ts";
import { Testnet } from "../testnet.ts";

Deno.test("encodePing() makes a packet that any node reads as a ping of nobody for its table", () => {
  const message = readPacket(encodePing(0x1234))!;
  if (message.y !== "q") throw new Error(`it is "${message.y}"`);
  assertEquals([message.q, message.readOnly, message.t.toString("hex")], ["ping", true, "1234"]);
});

Deno.test("decodePong() reads from a node's answer how it sees us", async () => {
  await using net = await Testnet.create({ nodes: 2 });
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  const answer = new Promise<Uint8Array>((resolve) => socket.once("message", resolve));
  socket.send(encodePing(7), net.bootstrap[0]!.port, "127.0.0.1");
  const packet = await answer;
  assertEquals(decodePong(packet, 7), { hostname: "127.0.0.1", port: socket.address().port });
  assertEquals(decodePong(packet, 8), null);
  await new Promise<void>((resolve) => socket.close(() => resolve()));
});

Deno.test("decodePong() refuses whatever is no such answer", () => {
  for (const text of ["", "l-3:e", "d1:y1:qe", "d1:t2:\x00\x071:y1:ee", "\x00".repeat(3000)]) {
    assertEquals(decodePong(new TextEncoder().encode(text), 7), null);
  }
  assertEquals(decodePong(encodePing(7), 7), null, "a question");
});
