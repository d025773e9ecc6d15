import { assertEquals } from "@std/assert";
import { denoStream } from "../../lib/punch/mod.ts";
import { Guest } from "../../lib/tunnel/_guest.ts";
import { PileWatch } from "../../lib/tunnel/_pile_watch.ts";
import { Tunnel } from "../../lib/tunnel/_tunnel.ts";
import { connPair } from "../_streams.ts";

const REMOTE = { hostname: "198.51.100.7", port: 41_000 };

/** A tunnel that is not joined yet: `peer` and `server` are what is at its ends. */
async function makeTunnel(pile: PileWatch = new PileWatch()) {
  const [[peer, path], [inner, server]] = await Promise.all([connPair(), connPair()]);
  const guest = new Guest(REMOTE, 60_000);
  return { peer, server, inner, guest, tunnel: new Tunnel(denoStream(path), guest, pile) };
}

/** Whether nothing comes any more on a connection, which is closed. */
async function hasEnded(conn: Deno.Conn): Promise<boolean> {
  const end = await conn.read(new Uint8Array(1)).catch(() => null);
  conn.close();
  return end === null;
}

Deno.test("Tunnel carries what was read already and what follows, and ends with both ends", async () => {
  const { peer, server, inner, tunnel } = await makeTunnel();
  const joined = tunnel.join(inner, new TextEncoder().encode("head"));
  const buffer = new Uint8Array(8);
  await peer.write(new TextEncoder().encode("tail"));
  for (let at = 0; at < 8;) at += (await server.read(buffer.subarray(at)))!;
  assertEquals(new TextDecoder().decode(buffer), "headtail");
  peer.close();
  server.close();
  await joined;
  tunnel.leave();
});

Deno.test("Tunnel is closed at both ends when its guest is shown out", async () => {
  const { peer, server, inner, guest, tunnel } = await makeTunnel();
  const joined = tunnel.join(inner);
  guest.close();
  assertEquals([await hasEnded(peer), await hasEnded(server)], [true, true]);
  await joined;
  tunnel.leave();
});

Deno.test("Tunnel that is left before it was joined closes the path, and its guest is gone", async () => {
  const { peer, server, inner, guest, tunnel } = await makeTunnel();
  tunnel.leave();
  tunnel.leave();
  assertEquals([await hasEnded(peer), guest.signal.aborted], [true, true]);
  for (const conn of [server, inner]) conn.close();
});

Deno.test("Tunnel has whoever piles up messages sent away, and nobody who has no WebSocket", async () => {
  let resident = 0;
  const pile = new PileWatch({ residentBytes: () => resident, lookEachBytes: 4, mostPiledBytes: 8 });
  const { peer, server, inner, guest, tunnel } = await makeTunnel(pile);
  const joined = tunnel.join(inner);
  const send = async () => {
    await peer.write(new Uint8Array(16));
    for (let n = 0; n < 16;) n += (await server.read(new Uint8Array(16)))!;
  };
  await send();
  resident = 100;
  await send();
  assertEquals(guest.signal.aborted, false);
  guest.upgrade();
  await send(); // from here on it is counted
  resident = 200;
  await peer.write(new Uint8Array(16));
  await joined;
  assertEquals(guest.signal.aborted, true);
  tunnel.leave();
  for (const conn of [peer, server]) conn.close();
});
