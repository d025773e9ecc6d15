import { join } from "node:path";
import { CommandError, Exit } from "./_exit.ts";

const FOLDER = "skip-public-ip";

/** The parts of the environment that decide where files go. */
export interface Surroundings {
  readonly os: typeof Deno.build.os;
  readonly env: (name: string) => string | undefined;
}

const HERE: Surroundings = { os: Deno.build.os, env: (name) => Deno.env.get(name) };

/** Where the identity is kept unless `--identity` says otherwise, by the platform's convention. */
export function identityPath(surroundings = HERE): string {
  return join(folder(surroundings, "config"), "identity.pem");
}

/** Where invitations of an identity are kept: beside its key file, so that each has its own. */
export function invitationsPath(identityFile: string): string {
  return `${identityFile}.invitations`;
}

/** Where petnames are kept. */
export function namesPath(surroundings = HERE): string {
  return join(folder(surroundings, "config"), "names");
}

/**
 * Where known nodes are kept. Each list of bootstrap nodes has a file of its own: a private network's nodes have no
 * place in the public one.
 */
export async function knownNodesPath(
  bootstrap: readonly string[] | undefined,
  surroundings = HERE,
): Promise<string> {
  const name = bootstrap === undefined
    ? "nodes"
    : `nodes-${await shortHash([...bootstrap].sort().join(" "))}`;
  return join(cacheFolder(surroundings), `${name}.json`);
}

/** Where running commands show that they run. */
export function runningPath(surroundings = HERE): string {
  return join(cacheFolder(surroundings), "running");
}

/** Where all goes that is worth keeping for a while. */
export function cacheFolder(surroundings = HERE): string {
  return folder(surroundings, "cache");
}

/** XDG base directories on Linux and the BSDs, Apple's and Microsoft's places elsewhere. */
const PLACES = {
  windows: {
    config: { variable: "APPDATA", below: ["AppData", "Roaming"] },
    cache: { variable: "LOCALAPPDATA", below: ["AppData", "Local"] },
  },
  darwin: {
    config: { variable: undefined, below: ["Library", "Application Support"] },
    cache: { variable: undefined, below: ["Library", "Caches"] },
  },
  others: {
    config: { variable: "XDG_CONFIG_HOME", below: [".config"] },
    cache: { variable: "XDG_CACHE_HOME", below: [".cache"] },
  },
} as const;

/** Throws {@linkcode CommandError} where nothing says whose keys these are: they have no place in whatever folder this is. */
function folder({ os, env }: Surroundings, kind: "config" | "cache"): string {
  const { variable, below } = PLACES[os === "windows" || os === "darwin" ? os : "others"][kind];
  const given = variable && env(variable);
  if (given) return join(given, FOLDER);
  const home = env("HOME") ?? env("USERPROFILE");
  if (home === undefined && kind === "config") throw homeless();
  return join(home ?? ".", ...below, FOLDER);
}

function homeless(): CommandError {
  return new CommandError("neither HOME nor USERPROFILE is set, or Deno does not show it", {
    code: "home",
    exit: Exit.failed,
    what: "Your folder for keys and names is not known",
    hint: "Set HOME, add --allow-env=HOME to the flags of deno run, or name a file with --identity FILE.",
  });
}

async function shortHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest, 0, 4).toHex();
}
