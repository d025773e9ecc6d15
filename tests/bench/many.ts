/**
 * Many WebSockets at once: 20 peers with 10 each on one serving process.
 *
 * @module
 */
import { dial } from "../../mod.ts";
import { formatEndpoint } from "../../lib/endpoint.ts";
import { startServing } from "../session.ts";
import { Testnet } from "../testnet.ts";
import { usage } from "./_process.ts";

const PEERS = 20;
const SOCKETS = 10;

/** Opens them all, has each echo its own text, and gives the figures. */
export async function benchMany(): Promise<string> {
  await using net = await Testnet.create({ nodes: 20 });
  const bootstrap = formatEndpoint(net.bootstrap[0]!);
  await using server = await startServing({ bootstrap });
  const before = await usage(server.pid);
  const peers = await Promise.all(
    Array.from({ length: PEERS }, () => dial(server.id, { bootstrap: [bootstrap] })),
  );
  try {
    const sockets = (await Promise.all(peers.map((peer) =>
      Promise.all(Array.from({ length: SOCKETS }, () =>
        peer.webSocket("/")))
    ))).flat();
    const echoed = await Promise.all(sockets.map((socket, i) => echo(socket, `message of socket ${i}`)));
    const after = await usage(server.pid);
    const right = echoed.filter((ok) => ok).length;
    const each = (after.rssBytes - before.rssBytes) / sockets.length / 1024;
    return `${right} of ${sockets.length} WebSockets from ${PEERS} peers echo correctly; ` +
      `${each.toFixed(0)} KiB of the serving process each`;
  } finally {
    await Promise.all(peers.map((peer) => peer.close()));
  }
}

function echo(socket: WebSocket, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    socket.onmessage = ({ data }) => data === text && resolve(true);
    socket.onclose = () => resolve(false);
    socket.send(text);
  });
}
