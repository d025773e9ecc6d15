import config from "../deno.json" with { type: "json" };

/** How Deno runs this program. */
export interface Invocation {
  /** The executable, as an absolute path. */
  readonly execPath: string;
  /** Whether it is this program itself, compiled. */
  readonly standalone: boolean;
  /** The URL of this program's main module. */
  readonly main: string;
}

/** How this process was started. */
export function ownInvocation(): Invocation {
  return {
    execPath: Deno.execPath(),
    standalone: Deno.build.standalone,
    main: new URL("main.ts", import.meta.url).href,
  };
}

/** A command line that starts this program anew, from any folder, for one command with its permissions. */
export function commandLine({ execPath, standalone, main }: Invocation, command: string): string[] {
  if (standalone) return [execPath, command];
  const url = new URL(main);
  const module = url.protocol === "file:"
    ? decodeURIComponent(url.pathname)
    : `jsr:${config.name}@${config.version}/cli`;
  return [execPath, "run", "--quiet", "--no-prompt", ...permissionFlags(command), module, command];
}

/** A set of permissions as deno.json writes it. */
interface PermissionSet {
  readonly net?: boolean;
  readonly sys?: readonly string[];
  readonly env?: { readonly allow?: readonly string[]; readonly ignore?: boolean };
  readonly read?: boolean;
  readonly write?: boolean;
}

/** The flags of `deno run` for a command. */
function permissionFlags(command: string): string[] {
  const sets: Readonly<Record<string, PermissionSet>> = config.permissions;
  const { net, sys, env, read, write } = sets[command] ?? {};
  return [
    ...(net ? ["--allow-net"] : []),
    ...(sys ? [`--allow-sys=${sys.join()}`] : []),
    ...(env?.allow ? [`--allow-env=${env.allow.join()}`] : []),
    ...(env?.ignore ? ["--ignore-env"] : []),
    ...(read ? ["--allow-read"] : []),
    ...(write ? ["--allow-write"] : []),
  ];
}
