/**
 * `dial_often.ts ID BOOTSTRAP`: three WebSockets and two requests to one dialled peer, one after the other and at once,
 * while the ones before stay open.
 *
 * @module
 */
import { dial } from "../../../mod.ts";

const [id, bootstrap] = Deno.args as [string, string];

/** What comes back for `text`; the greeting comes before it. */
function echo(socket: WebSocket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => data === text && resolve(data);
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
    socket.send(text);
  });
}

await using peer = await dial(id, { bootstrap: [bootstrap] });
const from = new Set([peer.path.remote]);
const first = await peer.webSocket("/");
const early = await peer.fetch("/");
from.add(peer.path.remote);
const [second, third, late] = await Promise.all([
  peer.webSocket("/"),
  peer.webSocket("/"),
  peer.fetch("/late"),
]);
from.add(peer.path.remote);
await Promise.all([early.body?.cancel(), late.body?.cancel()]);
const echoes = await Promise.all([echo(first, "first"), echo(second, "second"), echo(third, "third")]);
const result = { echoes, statuses: [early.status, late.status], from: [...from] };
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(result)));
for (const socket of [first, second, third]) socket.onclose = null;
