// deno-lint-ignore-file no-console -- a program, whose product is what it prints
/**
 * One of the two processes of the tunnel benchmark: `serve` prints where it can be reached, `connect` measures and
 * prints figures. Both speak JSON, one object a line.
 *
 * @module
 */
import { generateIdentity, parsePeerId } from "../../lib/identity/mod.ts";
import { openClient, serveTunnel } from "../../lib/tunnel/mod.ts";
import { connect, serve } from "../../mod.ts";
import { freePort } from "../free_port.ts";
import { LOCALHOST, LOCALHOST_ANCHOR } from "./_localhost.ts";

/** Where the serving process can be reached, by each way. */
export interface Addresses {
  readonly nativePort: number;
  readonly pathPort: number;
  readonly id: string;
  readonly servicePort: number;
}

/** One round over one way. */
export interface Figures {
  readonly way: Way;
  /** For each of {@linkcode MOST_BUFFERED_MIB}. */
  readonly bytesPerSecond: readonly number[];
  /** Median. */
  readonly roundTripMs: number;
}

/** Native TLS; our tunnel over plain TCP; `serve` and `connect` with everything in between. */
export const WAYS = ["native", "tunnel", "whole"] as const;
/** One of {@linkcode WAYS}. */
export type Way = typeof WAYS[number];

const MESSAGE_BYTES = 64 * 1024;
/**
 * How much a sender lets pile up before it waits. With little of it the sender, which can look once a millisecond, is
 * what limits native `wss`; with more the processors are.
 */
export const MOST_BUFFERED_MIB = [1, 8] as const;

/** Counts binary messages until it is asked for the sum, echoes text. */
function handler(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.binaryType = "arraybuffer";
  let bytes = 0;
  socket.onmessage = ({ data }) => {
    if (typeof data !== "string") bytes += data.byteLength;
    else socket.send(data === "sum" ? String(bytes) : data);
    if (data === "sum") bytes = 0;
  };
  return response;
}

async function servePeer() {
  const quiet = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const native = Deno.serve({ ...quiet, ...LOCALHOST }, handler);
  const identity = generateIdentity();
  const tunnel = await serveTunnel(handler, { identity });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const servicePort = freePort();
  await serve(handler, { identity, port: servicePort, bootstrap: [] });
  const addresses: Addresses = {
    nativePort: native.addr.port,
    pathPort: listener.addr.port,
    id: identity.id,
    servicePort,
  };
  console.log(JSON.stringify(addresses));
  for await (const path of listener) {
    path.setNoDelay();
    void tunnel.accept(path);
  }
}

/** Opens a WebSocket by each way. */
function opener({ nativePort, pathPort, id, servicePort }: Addresses): Record<Way, () => Promise<WebSocket>> {
  const { publicKey } = parsePeerId(id);
  const openPath = async () => {
    const path = await Deno.connect({ hostname: "127.0.0.1", port: pathPort });
    path.setNoDelay();
    return path;
  };
  const tunnel = openClient({ id, publicKey, openPath });
  const client = Deno.createHttpClient({ caCerts: [LOCALHOST_ANCHOR] });
  return {
    native: async () => {
      const socket = new WebSocket(`wss://localhost:${nativePort}/`, { client });
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = reject;
      });
      return socket;
    },
    tunnel: () => tunnel.webSocket("/"),
    whole: () => connect(id, { bootstrap: [`127.0.0.1:${servicePort}`] }),
  };
}

async function connectPeer(
  addresses: Addresses,
  [rounds, megabytes, roundTrips]: readonly [number, number, number],
  ways: readonly Way[],
) {
  const open = opener(addresses);
  // The first round warms up both processes and does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const way of ways) {
      const socket = await open[way]();
      const bytesPerSecond: number[] = [];
      for (const mib of MOST_BUFFERED_MIB) {
        bytesPerSecond.push(await throughput(socket, megabytes * 1e6, mib));
      }
      const roundTripMs = await roundTrip(socket, roundTrips);
      const closed = new Promise((resolve) => socket.onclose = resolve);
      socket.close();
      await closed;
      if (round > 0) console.log(JSON.stringify({ way, bytesPerSecond, roundTripMs } satisfies Figures));
    }
  }
}

function nextText(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
}

/** From the first message sent to the sum that came back. */
async function throughput(socket: WebSocket, atLeast: number, mostMib: number): Promise<number> {
  const message = new Uint8Array(MESSAGE_BYTES);
  const sum = nextText(socket);
  const start = performance.now();
  let sent = 0;
  while (sent < atLeast) {
    if (socket.bufferedAmount < mostMib * 1024 * 1024) {
      socket.send(message);
      sent += message.length;
    } else {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  socket.send("sum");
  const received = Number(await sum);
  if (received !== sent) throw new Error(`${received} of ${sent} bytes arrived`);
  return sent / (performance.now() - start) * 1000;
}

/** The median of many messages of one byte, one after the other. */
async function roundTrip(socket: WebSocket, count: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const answer = nextText(socket);
    const start = performance.now();
    socket.send("x");
    await answer;
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[count >> 1]!;
}

if (import.meta.main) {
  const [role, addresses, rounds, megabytes, roundTrips, ways] = Deno.args;
  if (role === "serve") await servePeer();
  else {
    const many = [Number(rounds), Number(megabytes), Number(roundTrips)] as const;
    await connectPeer(JSON.parse(addresses!), many, WAYS.filter((way) => ways!.split(",").includes(way)));
    Deno.exit(0);
  }
}
