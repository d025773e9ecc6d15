import { type ByteStream, dial, type Peer } from "../lib/connect.ts";
import { type Endpoint, formatEndpoint, isPort, parseHostPort } from "../lib/endpoint.ts";
import { PeerError } from "../lib/errors.ts";
import { listenTcp, type LocalStream, splice, TCP_PROTOCOL, webSocketStream } from "../lib/tunnel/mod.ts";
import { CommandError, Exit, explain, UsageError } from "./_exit.ts";
import type { FlagTable } from "./_flags.ts";
import { LocalConnections } from "./_local_connections.ts";
import type { Output } from "./_output.ts";
import { readVisit, type Visit, VISIT_FLAGS } from "./_peer_flags.ts";
import { runningPath } from "./_paths.ts";
import { oneLine } from "./_render.ts";
import { announceRunning } from "./_running.ts";
import { interruptible, untilInterrupted } from "./_signals.ts";

/** How long a local connection may wait for its way to the peer. */
const OPEN_MS = 30_000;

/** The flags of `skip forward`. */
export const FORWARD_FLAGS: FlagTable = { ...VISIT_FLAGS, positional: [1, 2] };

/** `skip forward ID [LOCAL]`: what a peer serves, on a local port. */
export async function forwardCommand(args: string[]): Promise<number> {
  const { flags, soon, ...visit } = await readVisit("forward", args, FORWARD_FLAGS);
  const local = readLocal(flags.positional[1]);
  const { output } = visit;
  using interrupt = interruptible();
  try {
    await using stack = new AsyncDisposableStack();
    await start({ ...visit, local, signal: soon(interrupt.signal) }, stack);
    return await untilInterrupted(interrupt.signal);
  } catch (error) {
    return output.failure(error).exit;
  }
}

/** What {@linkcode start} works with. */
interface Around extends Omit<Visit, "flags" | "soon"> {
  readonly local: Endpoint;
  readonly signal: AbortSignal;
}

/** Listens first, so that a port that is taken is told at once; who connects early waits for the peer. */
async function start(around: Around, stack: AsyncDisposableStack) {
  const { id, local, path, output, options, signal } = around;
  const ready = Promise.withResolvers<Way>();
  ready.promise.catch(() => {}); // whoever waits for it is told
  const { connections } = stack.adopt(new Forwarding(ready.promise, output), (f) => f.connections.close());
  const { addr } = stack.use(await listen(local, (connection) => connections.admit(connection)));
  try {
    const peer = stack.use(await dial(id, { ...await options(), reconnect: true, signal }));
    const way = await findWay(peer, path, signal);
    ready.resolve(way);
    const detail = `${way.service} at ${formatEndpoint(addr)}`;
    stack.use(await announceRunning(runningPath(), { command: "forward", id, detail }));
    announce(addr, way, path, output);
  } catch (error) {
    ready.reject(error);
    throw error;
  }
}

/** How the peer's service is reached. */
interface Way {
  readonly service: "tcp" | "site";
  open(signal: AbortSignal): Promise<ByteStream>;
}

/** `PORT` or `HOST:PORT`; 127.0.0.1 and any port without. Throws `UsageError`. */
function readLocal(text: string | undefined): Endpoint {
  if (text === undefined) return { hostname: "127.0.0.1", port: 0 };
  if (/^\d+$/.test(text) && isPort(Number(text))) return { hostname: "127.0.0.1", port: Number(text) };
  try {
    return parseHostPort(text);
  } catch {
    throw new UsageError(
      `The local address is not valid: "${text}"`,
      "Give PORT or HOST:PORT with a port from 1 to 65535, or leave it out.",
    );
  }
}

async function listen(local: Endpoint, onConnection: Parameters<typeof listenTcp>[1]) {
  try {
    return await listenTcp(local, onConnection);
  } catch (error) {
    throw new CommandError((error as Error).message, {
      code: error instanceof Deno.errors.AddrInUse ? "port-in-use" : "listen",
      exit: Exit.failed,
      what: "The local port cannot be opened",
      hint: "Name another one: skip forward ID PORT; or none, and any free one is taken.",
    }, { cause: error });
  }
}

/** Asks once what the peer serves at `path`. */
async function findWay(peer: Peer, path: string, signal: AbortSignal): Promise<Way> {
  const response = await peer.fetch(path, { method: "HEAD", redirect: "manual", signal });
  await response.body?.cancel();
  if (response.headers.get("skip-service") === "tcp") {
    const open = async (signal: AbortSignal) =>
      webSocketStream(await peer.webSocket(path, { protocols: [TCP_PROTOCOL], signal }));
    return { service: "tcp", open };
  }
  return { service: "site", open: (signal) => peer.openStream({ signal }) };
}

function announce(addr: Endpoint, { service }: Way, path: string, output: Output) {
  const address = formatEndpoint(addr);
  output.product(address);
  output.event({ type: "listening", address, service });
  const where = service === "tcp"
    ? `The TCP service is at ${address}`
    : `The site is at http://${address}${path}`;
  output.say(`${where}, until Ctrl-C.`);
}

/** Joins local connections to the peer, and tells when it goes and comes back. */
class Forwarding {
  readonly connections: LocalConnections;
  readonly #way: Promise<Way>;
  readonly #output: Output;
  #isLost = false;

  constructor(way: Promise<Way>, output: Output) {
    this.#way = way;
    this.#output = output;
    this.connections = new LocalConnections({
      serve: (stream, signal) => this.#serve(stream, signal),
      onCrowd: (crowd) => {
        output.event({ type: "crowd", crowd });
        output.say(CROWD_WORDS[crowd]);
      },
    });
  }

  async #serve(local: LocalStream, signal: AbortSignal) {
    const remote = await this.#open(local, signal);
    const { forth, back, error } = await splice(local, remote, { signal });
    const event = { type: "ended", local: formatEndpoint(local.remoteAddr), sent: forth, received: back };
    this.#output.event({ ...event, ...(error ? { error: error.message } : {}) });
  }

  async #open(local: LocalStream, signal: AbortSignal): Promise<ByteStream> {
    try {
      const until = AbortSignal.any([signal, AbortSignal.timeout(OPEN_MS)]);
      const remote = await (await this.#way).open(until);
      if (this.#isLost) this.#tellBack();
      this.#isLost = false;
      this.#output.event({ type: "opened", local: formatEndpoint(local.remoteAddr) });
      return remote;
    } catch (error) {
      if (!this.#isLost && !signal.aborted) this.#tellLost(error);
      this.#isLost = true;
      throw error;
    }
  }

  #tellLost(error: unknown) {
    const { code, what, why } = explain(error);
    this.#output.event({ type: "failed", code, message: why });
    const answered = error instanceof PeerError && error.message.includes("did not answer with a WebSocket");
    const words = answered ? "The peer's service does not answer" : `${what}: ${why}`;
    this.#output.say(`${oneLine(words)}. Each new connection tries again.`);
  }

  #tellBack() {
    this.#output.event({ type: "back" });
    this.#output.say("The peer is back.");
  }
}

const CROWD_WORDS = {
  waiting: "Too many connections at once: more wait until others end.",
  refused: "Far too many connections at once: more are refused until others end.",
  over: "No connection waits any more.",
} as const;
