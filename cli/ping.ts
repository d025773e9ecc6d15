import { delay } from "@std/async";
import { dial, type Peer } from "../lib/connect.ts";
import { Exit } from "./_exit.ts";
import { type FlagTable, readFlags, readNumber } from "./_flags.ts";
import { Output } from "./_output.ts";
import { readPeer } from "./_peer.ts";
import { PEER_FLAGS, readDial, readTimeout } from "./_peer_flags.ts";
import { type Pings, summarize } from "./_pings.ts";
import { interruptible } from "./_signals.ts";
import { measureDownload, measureUpload } from "./_speed.ts";

const INTERVAL_MS = 1000;
/** A ping that takes longer counts as lost. */
const LOST_MS = 5000;
const SPEED_MS = 3000;

/** The flags of `skip ping`. */
export const PING_FLAGS: FlagTable = {
  ...PEER_FLAGS,
  boolean: [...PEER_FLAGS.boolean, "speed"],
  string: [...PEER_FLAGS.string, "count"],
  positional: [1, 1],
};

/** `skip ping ID`: which path leads to a peer, and how good it is. */
export async function pingCommand(args: string[]): Promise<number> {
  const flags = readFlags("ping", args, PING_FLAGS);
  const id = await readPeer(flags.positional[0]!);
  const count = readNumber("count", flags.value("count") ?? "5", 1, 1_000_000);
  const seconds = readTimeout(flags);
  const output = Output.by(flags);
  const options = readDial(flags, output);
  using interrupt = interruptible();
  const { signal } = interrupt;
  try {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
    await using peer = await dial(id, { ...await options(), reconnect: true, signal: soon });
    const pings = await ping(peer, { count, output, signal });
    const { line, event } = summarize(pings, peer.path);
    output.event(event);
    output.product(line);
    if (flags.has("speed")) await measure(peer, output, signal);
    return pings.ms.length > 0 ? Exit.ok : Exit.unreachable;
  } catch (error) {
    return output.failure(error).exit;
  }
}

/** A ping each second, with a line each; Ctrl-C ends it early. */
async function ping(
  peer: Peer,
  { count, output, signal }: { count: number; output: Output; signal: AbortSignal },
): Promise<Pings> {
  const ms: number[] = [];
  let sent = 0;
  while (sent < count && !signal.aborted) {
    const [next, n] = [delay(INTERVAL_MS, { signal }).catch(() => {}), sent++];
    const took = await peer.ping({ signal: AbortSignal.any([signal, AbortSignal.timeout(LOST_MS)]) })
      .catch(() => undefined);
    if (took === undefined && signal.aborted) sent--; // nobody has waited for it
    else tell(n, took, peer, output);
    if (took !== undefined) ms.push(took);
    if (sent < count) await next;
  }
  return { sent, ms };
}

function tell(n: number, ms: number | undefined, { path }: Peer, output: Output): void {
  output.event({
    type: "pong",
    n,
    ...(ms === undefined ? { lost: true } : { ms: Math.round(ms * 10) / 10 }),
  });
  output.product(
    `${n + 1}: ${ms === undefined ? "lost" : `${ms.toFixed(1)} ms`}  ${path.remote} (${path.kind})`,
  );
}

async function measure(peer: Peer, output: Output, signal: AbortSignal): Promise<void> {
  const down = await measureDownload(peer, SPEED_MS, signal);
  const up = await measureUpload(peer, SPEED_MS, signal);
  output.event({ type: "speed", downBytesPerSecond: Math.round(down), upBytesPerSecond: Math.round(up) });
  const rate = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB/s`;
  output.product(`down ${rate(down)}, up ${rate(up)}`);
}
