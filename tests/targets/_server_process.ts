/**
 * A target behind `Deno.serve` in a process of its own: what the system counts as its memory is that of the target alone, while
 * tests share one process.
 *
 * @module
 */
import { openTarget, parseTarget } from "../../lib/targets/mod.ts";
import { ROOT, runFlags } from "../../tools/run_flags.ts";

const MEMORY_PATH = "/-/memory";

/** The process, listening. */
export interface ServerProcess extends AsyncDisposable {
  readonly port: number;
  /** Bytes that are resident. */
  memory(): Promise<number>;
}

/** Starts it with what `skip serve` takes for a target. */
export async function serveInProcess(target: string): Promise<ServerProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...await runFlags(), "-A", import.meta.url, target],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const port = Number(new TextDecoder().decode(value));
  return {
    port,
    memory: async () => Number(await (await fetch(`http://127.0.0.1:${port}${MEMORY_PATH}`)).text()),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

if (import.meta.main) {
  const target = openTarget(await parseTarget(Deno.args[0]!));
  const onListen = ({ port }: Deno.NetAddr) => Deno.stdout.writeSync(new TextEncoder().encode(`${port}\n`));
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, (request, info) => {
    const { pathname } = new URL(request.url);
    return pathname === MEMORY_PATH ? new Response(`${Deno.memoryUsage().rss}`) : target(request, info);
  });
}
