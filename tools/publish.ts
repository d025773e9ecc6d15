/**
 * Checks that this package could be published as it is: `deno publish --dry-run`, which resolves `@std` from JSR. Where
 * that is out of reach, a registry on loopback stands in.
 */
import { serveJsr, stdPackages } from "../tests/jsr_registry.ts";
import { denoFlags } from "./run_flags.ts";

async function dryRun(flags: string[], env: Record<string, string>): Promise<number> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", ...flags, ...Deno.args],
    env,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  return code;
}

async function publish(): Promise<number> {
  const { reachable, flags } = await denoFlags();
  if (reachable) return await dryRun(flags, {});
  await using registry = await serveJsr(await stdPackages());
  return await dryRun(["--no-lock"], registry.env);
}

Deno.exit(await publish());
