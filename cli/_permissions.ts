/**
 * What Deno must permit: the sets of deno.json as flags, and what is said where a permission is missing.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import type { Output } from "./_output.ts";

/** A set of permissions as deno.json writes it. */
export interface PermissionSet {
  readonly net?: boolean;
  readonly sys?: readonly string[];
  readonly read?: boolean;
  readonly write?: boolean;
  readonly env?: { readonly allow?: readonly string[]; readonly ignore?: boolean };
}

/** The set of each command. */
export const PERMISSIONS: Readonly<Record<string, PermissionSet>> = config.permissions;

/** A set as flags of `deno run`. */
export function flagsOf({ net, sys, read, write, env }: PermissionSet): string[] {
  return [
    ...(net ? ["--allow-net"] : []),
    ...(sys ? [`--allow-sys=${sys.join()}`] : []),
    ...(read ? ["--allow-read"] : []),
    ...(write ? ["--allow-write"] : []),
    ...(env?.allow?.length ? [`--allow-env=${env.allow.join()}`] : []),
    ...(env?.ignore ? ["--ignore-env"] : []),
  ];
}

/** What is enough for each of several sets, and no more: a program that is compiled has one for all its commands. */
export function unionOf(sets: readonly PermissionSet[]): PermissionSet {
  const [sys, allow] = [sets.flatMap(({ sys = [] }) => sys), sets.flatMap(({ env }) => env?.allow ?? [])];
  const some = (name: "net" | "read" | "write") => sets.some((set) => set[name]) ? { [name]: true } : {};
  return {
    ...{ ...some("net"), ...some("read"), ...some("write") },
    ...(sys.length > 0 ? { sys: [...new Set(sys)] } : {}),
    env: { allow: [...new Set(allow)], ignore: sets.some(({ env }) => env?.ignore) },
  };
}

/** A terminal is wide enough for so many letters. */
const LINE_LENGTH = 100;

/** The commands with the same set, and its flags as one types them: in two lines where one would be too long. */
function paragraph(names: readonly string[], flags: readonly string[]): string {
  const line = flags.join(" ") || "none";
  const text = line.length > LINE_LENGTH ? line.replace(" --allow-env=", " \\\n    --allow-env=") : line;
  return `  ${names.join(", ")}:\n    ${text}`;
}

/** What `skip help permissions` says of each command. */
export function describePermissions(): string {
  const bySet = Map.groupBy(Object.keys(PERMISSIONS), (name) => flagsOf(PERMISSIONS[name]!).join(" "));
  return [...bySet.values()].map((names) => paragraph(names, flagsOf(PERMISSIONS[names[0]!]!))).join("\n");
}

/** What a command goes without. */
interface Shortcoming {
  /** What does not work. */
  readonly message: string;
  /** The flag that makes it work. */
  readonly hint: string;
}

/** Tells whether Deno permits something, without asking anybody. */
export type IsGranted = (permission: Deno.PermissionDescriptor) => boolean;

const isGrantedHere: IsGranted = (permission) => Deno.permissions.querySync(permission).state === "granted";

/**
 * What does not work for lack of a permission without which the network can be used nevertheless.
 *
 * @param folder Where what is worth keeping for the next run goes.
 */
function shortcomings(folder: string, isGranted: IsGranted): Shortcoming[] {
  const optional: [Deno.PermissionDescriptor, Shortcoming][] = [
    [{ name: "sys", kind: "networkInterfaces" }, {
      message: "Peers within one local network will not find each other directly",
      hint: "Add --allow-sys=networkInterfaces to the flags of deno run.",
    }],
    [{ name: "write", path: folder }, {
      message:
        "What is known of the DHT will not be kept for the next run, and skip status will not show this one",
      hint: `Add --allow-write, or --allow-write=${folder}, to the flags of deno run.`,
    }],
  ];
  return optional.filter(([permission]) => !isGranted(permission)).map(([, shortcoming]) => shortcoming);
}

/** Tells of each. */
export function tellShortcomings(
  output: Pick<Output, "say" | "event">,
  folder: string,
  isGranted: IsGranted = isGrantedHere,
) {
  for (const { message, hint } of shortcomings(folder, isGranted)) {
    output.event({ type: "note", message, hint });
    output.say(`note: ${message}. ${hint}`);
  }
}
