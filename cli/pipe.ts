import type { AccessOptions } from "../lib/access/mod.ts";
import { connect } from "../lib/connect.ts";
import { formatEndpoint } from "../lib/endpoint.ts";
import { PeerError } from "../lib/errors.ts";
import { generateIdentity, type Identity, loadOrCreateIdentity } from "../lib/identity/mod.ts";
import { serve, type Server } from "../lib/serve.ts";
import { webSocketStream } from "../lib/tunnel/mod.ts";
import { ACCESS_FLAGS, describeAccess, readAccess } from "./_access.ts";
import { CommandError, Exit, UsageError } from "./_exit.ts";
import { type Flags, type FlagTable, readFlags } from "./_flags.ts";
import { withKeyFile } from "./_key_file.ts";
import { bootstrapText, readBootstrap, readPort } from "./_network_flags.ts";
import { Output, processTerminal } from "./_output.ts";
import { runningPath } from "./_paths.ts";
import { readPeer } from "./_peer.ts";
import { PEER_FLAGS, readDial, readNetwork, readTimeout } from "./_peer_flags.ts";
import { pipe, type Traffic } from "./_pipe.ts";
import { bytes } from "./_render.ts";
import { announceRunning } from "./_running.ts";
import { interruptible } from "./_signals.ts";

/** The WebSocket subprotocol of `skip pipe`. */
const PIPE_PROTOCOL = "skip.pipe";
const STATUS_MS = 500;

/** Flags of the side without an id alone. */
const WAITING_FLAGS = [...ACCESS_FLAGS.boolean, ...ACCESS_FLAGS.string, ...ACCESS_FLAGS.collect, "port"];
/** Flags of the side that was told the id alone. */
const REACHING_FLAGS = ["as-me", "timeout", "token"];

/** The flags of `skip pipe`. */
export const PIPE_FLAGS: FlagTable = {
  boolean: [...PEER_FLAGS.boolean, ...ACCESS_FLAGS.boolean],
  string: [...PEER_FLAGS.string, ...ACCESS_FLAGS.string, "port"],
  collect: [...PEER_FLAGS.collect, ...ACCESS_FLAGS.collect],
  files: ["allow-file", "identity"],
  positional: [0, 1],
};

/** `skip pipe [ID]`: stdin goes to the peer, and what comes from it to stdout. */
export async function pipeCommand(args: string[]): Promise<number> {
  const flags = readFlags("pipe", args, PIPE_FLAGS);
  checkSide(flags);
  const [peer] = flags.positional;
  const id = peer === undefined ? undefined : await readPeer(peer);
  const seconds = readTimeout(flags);
  const port = readPort(flags);
  const output = Output.by(flags, besidesTheData());
  readNetwork(flags, output); // whatever is wrong with it is told first
  const around = { flags, output };
  using interrupt = interruptible();
  const { signal } = interrupt;
  try {
    await using stack = new AsyncDisposableStack();
    const until = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
    const socket = id === undefined
      ? await waitForGuest({ ...around, port, signal }, stack)
      : await reachHost(id, { ...around, signal: until }, stack);
    await carry(socket, output, signal);
    return Exit.ok;
  } catch (error) {
    return output.failure(error).exit;
  }
}

/** What both sides work with. */
interface Around {
  readonly flags: Flags;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** The side without an id: serves one guest. */
async function waitForGuest(
  { flags, output, signal, port }: Around & { port: number },
  stack: AsyncDisposableStack,
): Promise<WebSocket> {
  const guest = Promise.withResolvers<WebSocket>();
  const { onProgress, ...options } = await readNetwork(flags, output)();
  const identity = await readIdentity(flags);
  const access = await readAccess(flags, identity, flags.value("identity") !== undefined);
  await show(identity.id, stack, reach(identity.id, flags, port));
  const server = await serve(oneGuest(guest.resolve, output), {
    ...options,
    ...{ port, signal, observer: false, identity },
    ...(access ? { access } : {}),
    onProgress: (event) => event.type === "ready" ? undefined : onProgress?.(event),
  });
  stack.use(server);
  announce(server, access, flags, output);
  return await orAborted(guest.promise, signal);
}

/** The side that was told the id. */
async function reachHost(
  id: string,
  { flags, output, signal }: Around,
  stack: AsyncDisposableStack,
): Promise<WebSocket> {
  const options = await readDial(flags, output)();
  await show(id, stack);
  return await connect(id, { ...options, protocols: [PIPE_PROTOCOL], signal });
}

/** For `skip status` and `skip invite`. Before there is a connection: nothing may come between that and who hears it. */
async function show(id: string, stack: AsyncDisposableStack, reach?: string) {
  stack.use(await announceRunning(runningPath(), { command: "pipe", id, ...(reach ? { reach } : {}) }));
}

/** What the other side has to type, in the network that `serve` is told of; a port of 0 is not known yet. */
function reach(id: string, flags: Flags, port: number): string {
  const bootstrap = readBootstrap(flags);
  const isKnown = port !== 0 || bootstrap?.length !== 0;
  return `skip pipe ${id}${isKnown ? bootstrapText(bootstrap, port) : ""}`;
}

/** Throws `UsageError` for a flag of the other side. */
function checkSide(flags: Flags) {
  const waits = flags.positional.length === 0;
  const given = (name: string) => flags.has(name) || (flags.values(name)?.length ?? 0) > 0;
  const wrong = (waits ? REACHING_FLAGS : WAITING_FLAGS).find(given);
  if (wrong !== undefined) {
    const [is, goes] = waits
      ? ["is for the side with an ID", "elsewhere"]
      : ["is for the side without an ID", "there"];
    throw new UsageError(`--${wrong} ${is}`, `Give --${wrong} ${goes}.`);
  }
  if (!waits || !flags.has("invite-only") || flags.value("identity") !== undefined) return;
  throw new UsageError(
    "--invite-only needs --identity FILE",
    "Name the key file: skip invite --identity FILE makes invitations to it.",
  );
}

/** stdout is for the data alone, so that `--json` goes to stderr. */
function besidesTheData() {
  const terminal = processTerminal();
  const { stderr, isTerminal } = terminal;
  return {
    stderr,
    stdout: (text: string) => (stderr(text), true),
    isTerminal: { stdout: isTerminal.stderr, stderr: isTerminal.stderr },
  };
}

/** A pipe is for once, and so is its id, unless a key file is named. */
async function readIdentity(flags: Flags): Promise<Identity> {
  const file = flags.value("identity");
  return file === undefined ? generateIdentity() : await withKeyFile(file, loadOrCreateIdentity);
}

/** The first one who opens a pipe gets it; nobody else gets anything. */
function oneGuest(onGuest: (socket: WebSocket) => void, output: Output): Deno.ServeHandler {
  let isTaken = false;
  return (request, info) => {
    const headers = { "skip-service": "pipe" };
    const isPipe = request.headers.get("sec-websocket-protocol") === PIPE_PROTOCOL;
    if (!isPipe) return new Response("This is a pipe: reach it with skip pipe.\n", { status: 426, headers });
    if (isTaken) return new Response("Somebody has the other end.\n", { status: 409, headers });
    const remote = formatEndpoint(info.remoteAddr as Deno.NetAddr); // gone once upgraded
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: PIPE_PROTOCOL });
    isTaken = true;
    output.event({ type: "connected", remote });
    output.say(`${remote} is here`);
    onGuest(socket);
    return response;
  };
}

function announce(
  { id, port }: Server,
  access: AccessOptions | undefined,
  flags: Flags,
  output: Output,
) {
  const command = `${reach(id, flags, port)}${access ? " --as-me" : ""}`;
  output.event({ type: "ready", id, port, command, access: access ? "limited" : "anyone" });
  output.say(`\n${describeAccess(access)}\n\nOn the other side:\n\n  ${command}\n`);
}

/** Resolves once both directions have ended properly, and the peer has said so. */
async function carry(socket: WebSocket, output: Output, signal: AbortSignal) {
  const traffic: Traffic = { sent: 0, received: 0 };
  const stream = webSocketStream(socket);
  const closed = new Promise<CloseEvent>((resolve) =>
    socket.addEventListener("close", resolve, { once: true })
  );
  using _status = showStatus(traffic, output);
  const piped = pipe(stream, Deno, traffic);
  try {
    await orAborted(piped, signal);
    // Whoever answers the goodbye has received everything before it.
    const { wasClean, code, reason } = await orAborted(closed, signal);
    if (!wasClean) {
      throw new PeerError(
        "closed",
        `Cannot finish: the connection to the peer broke: ${code} ${reason}`.trim(),
      );
    }
  } catch (error) {
    stream.close();
    await closed;
    throw asFailure(error);
  }
  output.event({ type: "done", ...traffic });
  output.say(`Done: ${bytes(traffic.sent)} sent, ${bytes(traffic.received)} received.`);
}

/** Something is missing at one end or the other: whatever it was, in words. */
function asFailure(error: unknown): unknown {
  if (error instanceof Deno.errors.BrokenPipe) {
    return new CommandError("the program that read it has ended", {
      code: "output-closed",
      exit: Exit.failed,
      what: "The output could not be written to its end",
      hint: "Look at what that program says; then pipe again.",
    }, { cause: error });
  }
  if (!(error instanceof Deno.errors.ConnectionReset)) return error;
  return new CommandError(error.message, {
    code: "closed",
    exit: Exit.failed,
    what: "The connection broke before everything had come",
    hint: "Do not trust what has come so far; pipe again.",
  }, { cause: error });
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** A line with the bytes and the rate of the last half second, written over. */
function showStatus(traffic: Traffic, output: Output): Disposable {
  let [before, at] = [0, performance.now()];
  const timer = setInterval(() => {
    const [now, total] = [performance.now(), traffic.sent + traffic.received];
    const rate = (total - before) / (now - at) * 1000;
    [before, at] = [total, now];
    output.status(`${bytes(traffic.sent)} sent, ${bytes(traffic.received)} received, ${bytes(rate)}/s`);
  }, STATUS_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
