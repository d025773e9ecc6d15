/**
 * Hostile nodes of the DHT on one host: `hostile_nodes.ts TARGET THIRD_PARTY HOST:PORT,… ADDRESS:PORT…`. They crowd around the
 * 20-byte target (hex), take writes and keep none, show old records, lie about `ip`, and name 100 ports of the third party
 * (an address) as peers. Says `ready`; ends with its input, and then says how often it named them.
 *
 * @module
 */
import { lines } from "../../../cli/_lines.ts";
import { SYSTEM_CLOCK } from "../../../lib/discovery/clock.ts";
import { type DatagramSocket, openUdpSocket } from "../../../lib/discovery/socket.ts";
import { type Endpoint, formatEndpoint, parseHostPort } from "../../../lib/endpoint.ts";
import { bestIdFor, closeTo, type Ground, HostileNode, type Plot } from "../../discovery/_hostile_node.ts";

const [hex, thirdParty, honest, ...places] = Deno.args as [string, string, string, ...string[]];
const target = Uint8Array.fromHex(hex);
const sockets = new Map<string, DatagramSocket>();
for (const place of places) sockets.set(place, await openUdpSocket(parseHostPort(place)));

const ground: Ground = {
  clock: SYSTEM_CLOCK,
  random: Math.random,
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  socket: (at: Endpoint) => sockets.get(formatEndpoint(at))!,
};
const accomplices: HostileNode[] = [];
const plot: Plot = {
  ground,
  accomplices,
  thirdParties: Array.from({ length: 100 }, (_, i) => ({ hostname: thirdParty, port: 8_000 + i })),
  lie: { hostname: thirdParty, port: 8_000 },
  misdeeds: new Set(["keep stale records", "name fake peers", "lie about ip"] as const),
  target,
  madeUp: [],
  stale: undefined,
  fakesNamed: 0,
};
for (const [i, place] of places.map(parseHostPort).entries()) {
  const node = new HostileNode(plot, place);
  node.id = i % 2 === 0 ? bestIdFor(place.hostname, target) : closeTo(target, ground);
  accomplices.push(node);
}
const introduce = () => {
  for (const node of accomplices) node.introduce(honest.split(",").map(parseHostPort));
};
introduce();
const again = setInterval(introduce, 1_000);
await Deno.stdout.write(new TextEncoder().encode("ready\n"));
for await (const _ of lines(Deno.stdin.readable));
clearInterval(again);
await Deno.stdout.write(new TextEncoder().encode(`${plot.fakesNamed}\n`));
await Promise.all([...sockets.values()].map((socket) => socket.close()));
