/**
 * `stay.ts ID BOOTSTRAP`: opens a WebSocket to a peer, a second one once the control channel is there, and one more each time
 * that the peer was lost and is back. Prints one JSON object a line, until its input ends.
 *
 * @module
 */
import { dial, type Progress } from "../../../mod.ts";

const [id, bootstrap] = Deno.args as [string, string];

function print(event: Record<string, unknown>): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(event)}\n`));
}

const events: Progress[] = [];
let onRestored = () => {};
await using peer = await dial(id, {
  bootstrap: [bootstrap],
  reconnect: true,
  onProgress(event) {
    events.push(event);
    if (event.type === "lost") print({ type: "lost", ms: event.ms });
    if (event.type === "restored") onRestored();
  },
});

/** Opens a WebSocket and says how long it took, and what it took. */
async function open(type: string): Promise<void> {
  const [start, before] = [performance.now(), events.length];
  const socket = await peer.webSocket("/");
  const ms = performance.now() - start;
  const since = events.slice(before);
  const closed = new Promise<void>((resolve) => socket.addEventListener("close", () => resolve()));
  print({
    type,
    ms,
    resolved: since.some((e) => e.type === "resolved"),
    knocks: since.flatMap((e) => e.type === "knock" ? [e.via] : []),
    remote: peer.path.remote,
  });
  void closed.then(() => print({ type: "closed" }));
}

await open("first");
await peer.ping();
await open("second");
await open("third");
onRestored = () => void open("again");
for await (const _ of Deno.stdin.readable);
