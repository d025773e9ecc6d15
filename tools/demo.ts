// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * `deno task demo`: the main job, on this machine alone. A DHT of 20 nodes, a serving and a connecting peer as processes
 * of their own; on Linux with root each behind a NAT of its own in the lab, elsewhere on loopback.
 */
import { duration } from "../cli/_render.ts";
import { formatEndpoint } from "../lib/endpoint.ts";
import { startDht } from "../tests/lab/dht.ts";
import { Lab, labUnavailable } from "../tests/lab/mod.ts";
import { converse, type Meeting, startServing, startSession } from "../tests/session.ts";
import { Testnet } from "../tests/testnet.ts";
import { timeline } from "../tests/timeline.ts";

const MESSAGES = ["hello", "grüße 👋", "a".repeat(10_000)];
const TIMEOUT_MS = 60_000;

function say(text: string) {
  console.log(text);
}

/** Two port-restricted NATs with 50 ms between them. */
async function meetInLab(stack: AsyncDisposableStack): Promise<Meeting> {
  const lab = stack.use(await Lab.create({ rttMs: 50 }));
  const [serving, connecting] = await lab.pair("port", "port");
  say(`Two peers, each behind a port-restricted NAT of its own, 50 ms apart:`);
  say(`  serving     ${serving.address} behind ${serving.publicAddress}`);
  say(`  connecting  ${connecting.address} behind ${connecting.publicAddress}`);
  const { bootstrap, nodes } = stack.use(await startDht(lab));
  say(`  a DHT of ${nodes} nodes on ${lab.hosts.length} public hosts\n`);
  return { bootstrap, serving, connecting };
}

async function meetOnLoopback(stack: AsyncDisposableStack, reason: string): Promise<Meeting> {
  say(`Two peers on loopback, without NATs (${reason}), and a DHT of 20 nodes\n`);
  const net = stack.use(await Testnet.create({ nodes: 20 }));
  return { bootstrap: formatEndpoint(net.bootstrap[0]!) };
}

async function demo(): Promise<boolean> {
  await using stack = new AsyncDisposableStack();
  const reason = labUnavailable();
  const meeting = reason === undefined ? await meetInLab(stack) : await meetOnLoopback(stack, reason);
  const server = stack.use(await startServing(meeting));
  const { client, timing } = stack.use(await startSession(server, meeting));
  const lost = await converse(server, client, MESSAGES);
  await client.endInput();
  const { code } = await client.ended;

  say(timeline("The serving peer", server.events));
  say(timeline("The connecting peer", client.events));
  say(
    `An open WebSocket ${
      duration(timing.total)
    } after the start of skip connect, by a path of kind ${timing.kind}.`,
  );
  say(
    `${MESSAGES.length} messages each way${
      lost.length === 0 ? ", all arrived." : `; lost: ${lost.join(", ")}`
    }`,
  );
  if (code !== 0) say(`The connecting peer ended with exit code ${code}.`);
  return lost.length === 0 && code === 0;
}

const timer = setTimeout(() => {
  console.error(`The demo was not over within ${TIMEOUT_MS / 1000} s.`);
  Deno.exit(1);
}, TIMEOUT_MS);
const ok = await demo();
clearTimeout(timer);
if (!ok) Deno.exit(1);
