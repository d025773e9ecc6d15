import { parseHostPort } from "../lib/endpoint.ts";
import { UsageError } from "./_exit.ts";
import { type Flags, readNumber } from "./_flags.ts";

/**
 * The nodes of `--bootstrap`: absent without the flag (the public list), empty for `--bootstrap none`.
 * Throws `UsageError` for anything that is no `HOST:PORT`.
 */
export function readBootstrap(flags: Flags): readonly string[] | undefined {
  const values = flags.values("bootstrap");
  if (values?.includes("none")) {
    if (values.length === 1) return [];
    throw new UsageError("--bootstrap none goes with no other node", "Give either none or HOST:PORT.");
  }
  for (const value of values ?? []) {
    try {
      parseHostPort(value);
    } catch {
      throw new UsageError(
        `--bootstrap is not valid: "${value}"`,
        "Give --bootstrap HOST:PORT with a port from 1 to 65535, or none.",
      );
    }
  }
  return values;
}

/** What the other side has to type to begin in the same network as a serving peer at `port`, with a space before it. */
export function bootstrapText(bootstrap: readonly string[] | undefined, port: number): string {
  const nodes = bootstrap?.length === 0 ? [`THIS-HOST:${port}`] : bootstrap ?? [];
  return nodes.map((node) => ` --bootstrap ${node}`).join("");
}

/**
 * The servers of `--stun`: absent without the flag (the public list), empty for `--no-stun`.
 * Throws `UsageError` for anything that is no `HOST:PORT`.
 */
export function readStun(flags: Flags): readonly string[] | undefined {
  const servers = flags.values("stun");
  if (flags.has("no-stun")) {
    if (!servers?.length) return [];
    throw new UsageError("--no-stun goes with no --stun", "Give either --no-stun or --stun HOST:PORT.");
  }
  for (const server of servers ?? []) {
    try {
      parseHostPort(server);
    } catch {
      throw new UsageError(
        `--stun is not valid: "${server}"`,
        "Give --stun HOST:PORT with a port from 1 to 65535.",
      );
    }
  }
  return servers;
}

/** The port of `--port`; 0, which is any, without the flag. Throws `UsageError` out of range. */
export function readPort(flags: Flags): number {
  const text = flags.value("port");
  return text === undefined ? 0 : readNumber("port", text, 0, 65535);
}
