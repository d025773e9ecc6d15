import {
  addressesOf,
  openTarget,
  parseTarget,
  type Route,
  routes,
  type Target,
  type TargetAddress,
  type TargetFault,
} from "../lib/targets/mod.ts";
import { UsageError } from "./_exit.ts";
import type { Flags } from "./_flags.ts";

/** How long a program on this machine or next to it may take to accept a connection. */
const PROBE_MS = 1000;

/** One thing to serve, and where. */
export interface NamedTarget {
  /** `/`, or the path of `--name`. */
  readonly path: string;
  /** As it was typed. */
  readonly text: string;
  readonly address: TargetAddress;
}

/** Reads TARGET and each `--name PATH=TARGET`; none where neither is given. Throws `UsageError`. */
export async function readTargets(flags: Flags): Promise<NamedTarget[]> {
  const plain = flags.positional.map((text) => ["/", text] as const);
  const named = (flags.values("name") ?? []).map(splitName);
  const targets = await Promise.all([...plain, ...named].map(async ([path, text]) => ({
    ...{ path, text },
    address: await usable(() => parseTarget(text)),
  })));
  await usable(() => routes(targets.map(({ path }) => [path, () => new Response()]))); // paths, checked before anything opens
  return targets;
}

function splitName(text: string): [path: string, target: string] {
  const [, path, target] = text.match(/^(\/[^=]*)=(.+)$/) ?? [];
  if (path !== undefined && target !== undefined) return [path, target];
  throw new UsageError(
    `--name is not valid: "${text}"`,
    "Give --name a path and a target: --name /api=8080.",
  );
}

async function usable<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(error.message, "See skip help serve for what can be served.");
  }
}

/** The one handler for all of them. */
export function openTargets(
  targets: readonly NamedTarget[],
  onFault: (request: Request, fault: TargetFault) => void,
): Target & Disposable {
  return routes(targets.map(({ path, address }): Route => [path, openTarget(address, { onFault })]));
}

/** Whether somebody listens there just now; a folder that was found is always there. */
export async function isListening({ address }: NamedTarget): Promise<boolean> {
  if (address.kind === "folder") return true;
  const { hostname, port } = address.kind === "tcp"
    ? address.endpoint
    : { hostname: address.url.hostname.replace(/^\[|\]$/g, ""), port: Number(address.url.port || 80) };
  const answers = await Promise.all(addressesOf(hostname).map((address) => accepts(address, port)));
  return answers.includes(true);
}

async function accepts(hostname: string, port: number): Promise<boolean> {
  try {
    using _conn = await Deno.connect({ hostname, port, signal: AbortSignal.timeout(PROBE_MS) });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}
