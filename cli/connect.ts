import { delay } from "@std/async";
import { connect } from "../lib/connect.ts";
import { PeerError } from "../lib/errors.ts";
import type { FlagTable } from "./_flags.ts";
import { lines } from "./_lines.ts";
import type { Output } from "./_output.ts";
import { readVisit, VISIT_FLAGS } from "./_peer_flags.ts";
import { interruptible } from "./_signals.ts";

/** After the end of the input we go on listening until nothing has come for so long. */
const LINGER_MS = 1000;
/** How long a peer may take to answer our goodbye; one that has vanished never does. */
const GOODBYE_MS = 3000;
/** Bytes that may wait in the socket before more input is read. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** The flags of `skip connect`. */
export const CONNECT_FLAGS: FlagTable = { ...VISIT_FLAGS, positional: [1, 1] };

/** `skip connect ID`: lines from stdin are messages, messages go to stdout. */
export async function connectCommand(args: string[]): Promise<number> {
  const { id, path, output, options, soon } = await readVisit("connect", args, CONNECT_FLAGS);
  using interrupt = interruptible();
  try {
    const socket = await connect(id, { ...await options(), path, signal: soon(interrupt.signal) });
    await converse(socket, output, interrupt.signal);
    return 0;
  } catch (error) {
    return output.failure(error).exit;
  }
}

/** Until either side ends it. Rejects with the signal's reason, or when the connection breaks. */
async function converse(socket: WebSocket, output: Output, signal: AbortSignal) {
  const closed = Promise.withResolvers<void>();
  let heard = performance.now();
  let patience: ReturnType<typeof setTimeout> | undefined;
  const sayGoodbye = () => {
    socket.close(1000);
    patience ??= setTimeout(() => {
      if (output.hasReader) closed.reject(brokenOff("its goodbye did not come"));
      else closed.resolve(); // whatever is still on its way is for nobody
    }, GOODBYE_MS);
  };
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => {
    heard = performance.now();
    show(data, output);
    if (!output.hasReader) sayGoodbye();
  };
  socket.onclose = ({ wasClean, code, reason }) => {
    output.event({ type: "closed", code, reason });
    if (wasClean) closed.resolve();
    else closed.reject(brokenOff(`${code} ${reason}`.trim()));
  };
  socket.onerror = () => {}; // `close` follows
  signal.addEventListener("abort", sayGoodbye);
  const input = sendLines(socket).then(async () => {
    heard = performance.now();
    while (performance.now() - heard < LINGER_MS || socket.bufferedAmount > 0) await delay(50);
    sayGoodbye();
  });
  input.catch(closed.reject);
  try {
    await closed.promise;
  } finally {
    clearTimeout(patience);
    signal.removeEventListener("abort", sayGoodbye);
    signal.throwIfAborted();
  }
}

function brokenOff(how: string): PeerError {
  return new PeerError("closed", `The connection to the peer broke: ${how}`);
}

function show(data: string | ArrayBuffer, output: Output) {
  if (typeof data === "string") {
    output.event({ type: "message", data });
    output.product(data);
  } else {
    const base64 = new Uint8Array(data).toBase64();
    output.event({ type: "message", data: base64, encoding: "base64" });
    output.product(base64);
  }
}

async function sendLines(socket: WebSocket) {
  for await (const line of lines(Deno.stdin.readable)) {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(line);
    while (socket.bufferedAmount > HIGH_WATER_BYTES && socket.readyState === WebSocket.OPEN) await delay(5);
  }
}
