import config from "../deno.json" with { type: "json" };
import { flagsOf, PERMISSIONS } from "./_permissions.ts";

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
    main: mainModule(import.meta.url),
  };
}

/** The main module: it is beside this one, whoever imported it; only of a bundle's modules the main one is not known by name. */
export function mainModule(own: string): string {
  return own.endsWith("/_invocation.ts") ? new URL("main.ts", own).href : Deno.mainModule;
}

/** A command line that starts this program anew, from any folder, for one command with its permissions. */
export function commandLine({ execPath, standalone, main }: Invocation, command: string): string[] {
  if (standalone) return [execPath, command];
  const url = new URL(main);
  const module = url.protocol === "file:"
    ? decodeURIComponent(url.pathname)
    : `jsr:${config.name}@${config.version}/cli`;
  return [execPath, "run", "--quiet", "--no-prompt", ...flagsOf(PERMISSIONS[command] ?? {}), module, command];
}
