// deno-lint-ignore-file no-console -- a program, whose product is what it prints
/**
 * `_many_peers.ts KEY-FILE ADDRESS WAY COUNT`: so many peers in one process, each with a WebSocket that echoes. It prints a line once
 * all are open; then each line of input is how many messages they are to send in all and within how many milliseconds, and
 * the line of output the round trips, as JSON. It ends with its input.
 *
 * They know the serving peer's record from the start: a thousand lookups at once from few addresses are what the nodes of the DHT
 * limit, and not what is measured.
 *
 * @module
 */
import { lines } from "../../cli/_lines.ts";
import { MemoryHub } from "../../lib/discovery/mod.ts";
import { parseHostPort } from "../../lib/endpoint.ts";
import { natOf } from "../../lib/nat.ts";
import { connect, dial, loadIdentity } from "../../mod.ts";

/** `connect()` has one path to the peer; `dial()` keeps a control channel and a path in reserve as well. */
export type Way = "connect" | "dial";

/** What is opened at once: a volley of them would measure the queue. */
const AT_ONCE = 8;

async function openAll(keyFile: string, address: string, way: Way, count: number): Promise<WebSocket[]> {
  const [hub, identity] = [new MemoryHub(), await loadIdentity(keyFile)];
  const candidates = [{ kind: "host", ...parseHostPort(address) } as const];
  await hub.open().publish(identity, () => ({ candidates, nat: natOf("open") }), { onKnock: () => {} });
  const options = { discovery: hub.open(), stun: [], portMapping: false };
  const sockets: WebSocket[] = [];
  const openSome = async () => {
    while (sockets.length < count) {
      const index = sockets.length++;
      sockets[index] = way === "connect"
        ? await connect(identity.id, options)
        : await (await dial(identity.id, options)).webSocket("/");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, openSome));
  return sockets;
}

/** Sends `messages` one after the other over all sockets in turn, evenly spread, and gives the round trips. */
async function talk(sockets: readonly WebSocket[], messages: number, withinMs: number): Promise<number[]> {
  const [roundTrips, start]: [number[], number] = [[], performance.now()];
  const done = Promise.withResolvers<void>();
  const hear = ({ data }: MessageEvent) => {
    roundTrips.push(performance.now() - Number(data));
    if (roundTrips.length === messages) done.resolve();
  };
  for (const socket of sockets) socket.onmessage = hear;
  for (let sent = 0; sent < messages;) {
    const due = Math.ceil((performance.now() - start) / withinMs * messages);
    for (; sent < Math.min(due, messages); sent++) {
      sockets[sent % sockets.length]!.send(String(performance.now()));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await done.promise;
  return roundTrips;
}

if (import.meta.main) {
  const [keyFile, address, way, count] = Deno.args as [string, string, Way, string];
  const sockets = await openAll(keyFile, address, way, Number(count));
  console.log(JSON.stringify(sockets.length));
  for await (const line of lines(Deno.stdin.readable)) {
    const [messages, withinMs] = line.split(" ").map(Number) as [number, number];
    console.log(JSON.stringify(await talk(sockets, messages, withinMs)));
  }
  Deno.exit(0); // the serving process is about to end, too
}
