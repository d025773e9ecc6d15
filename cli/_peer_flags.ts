import type { DialOptions } from "../lib/connect.ts";
import type { NetworkOptions } from "../lib/network.ts";
import { IDENTITY_FLAGS, readCredentials } from "./_access.ts";
import { UsageError } from "./_exit.ts";
import { type Flags, type FlagTable, readFlags, readNumber } from "./_flags.ts";
import { readBootstrap, readStun } from "./_network_flags.ts";
import { Output } from "./_output.ts";
import { cacheFolder, knownNodesPath } from "./_paths.ts";
import { readPeer } from "./_peer.ts";
import { tellShortcomings } from "./_permissions.ts";

const DEFAULT_TIMEOUT_SECONDS = 30;
/** A week; `setTimeout` cannot count much further. */
const MAX_TIMEOUT_SECONDS = 604_800;

/** The flags of every command that reaches a peer. */
export const PEER_FLAGS = {
  boolean: [...IDENTITY_FLAGS.boolean, "json", "no-map", "no-stun", "quiet", "verbose"],
  string: [...IDENTITY_FLAGS.string, "timeout"],
  collect: ["bootstrap", "stun"],
  files: ["identity"],
} as const satisfies Omit<FlagTable, "positional">;

/** The flags of a command that goes to one place of one peer. */
export const VISIT_FLAGS = { ...PEER_FLAGS, string: [...PEER_FLAGS.string, "path"] } as const satisfies Omit<
  FlagTable,
  "positional"
>;

/** What such a command was told. */
export interface Visit {
  readonly flags: Flags;
  readonly output: Output;
  /** The peer's. */
  readonly id: string;
  readonly path: string;
  /** What `dial` needs. */
  readonly options: () => Promise<DialOptions>;
  /** Aborted when the user does not want to go on, or when it takes longer than `--timeout` to reach the peer. */
  readonly soon: (interrupted: AbortSignal) => AbortSignal;
}

/** Reads `skip COMMAND ID`. Throws `UsageError` for whatever is wrong with it. */
export async function readVisit(command: string, args: readonly string[], table: FlagTable): Promise<Visit> {
  const flags = readFlags(command, args, table);
  const id = await readPeer(flags.positional[0]!);
  const path = readPath(flags);
  const seconds = readTimeout(flags);
  const output = Output.by(flags);
  const options = readDial(flags, output);
  const soon = (interrupted: AbortSignal) =>
    AbortSignal.any([interrupted, AbortSignal.timeout(seconds * 1000)]);
  return { flags, output, id, path, options, soon };
}

/** What `dial` needs of the flags, who we are among it; throws `UsageError` at once. */
export function readDial(flags: Flags, output: Output): () => Promise<DialOptions> {
  const network = readNetwork(flags, output);
  return async () => ({ ...await network(), ...await readCredentials(flags) });
}

/** What `dial` and `serve` need of the flags; throws `UsageError` at once. */
export function readNetwork(flags: Flags, output: Output): () => Promise<NetworkOptions> {
  const bootstrap = readBootstrap(flags);
  const stun = readStun(flags);
  return async () => {
    tellShortcomings(output, cacheFolder());
    return {
      onProgress: (event) => output.progress(event),
      portMapping: !flags.has("no-map"),
      ...(bootstrap ? { bootstrap } : {}),
      ...(stun ? { stun } : {}),
      ...(bootstrap?.length === 0 ? {} : { knownNodesFile: await knownNodesPath(bootstrap) }),
    };
  };
}

/** How many seconds it may take to reach the peer. Throws `UsageError`. */
export function readTimeout(flags: Flags): number {
  const text = flags.value("timeout") ?? `${DEFAULT_TIMEOUT_SECONDS}`;
  return readNumber("timeout", text, 1, MAX_TIMEOUT_SECONDS);
}

/** The path of `--path`; `//host` would be a URL of another host. Throws `UsageError`. */
export function readPath(flags: Flags): string {
  const path = flags.value("path") ?? "/";
  if (/^\/(?![/\\])/.test(path)) return path;
  throw new UsageError(`--path is not valid: "${path}"`, "Give --path a path that begins with one /.");
}
