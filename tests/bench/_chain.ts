/**
 * What `skip serve` and `skip forward` are for: a server, reached from a local port over both of them, each in a process of
 * its own, as a person starts it.
 *
 * @module
 */
import { runFlags } from "../../tools/run_flags.ts";
import { Transcript } from "../cli/_skip.ts";
import { freePort } from "../free_port.ts";
import { apart, signalChild } from "../skip_process.ts";
import type { BarePorts } from "./_bare_server.ts";
import { ownLoopback } from "./_loopback.ts";
import { type Program, startProgram } from "./_program.ts";

/** Nothing outside of this machine is asked. */
const ALONE = ["--no-stun", "--no-map"];

/** `skip ARGS`, once it has said its first line. */
interface Command extends AsyncDisposable {
  readonly pid: number;
  readonly said: string;
}

/** A server, and how it is reached. */
export interface Chain extends AsyncDisposable {
  readonly bare: BarePorts;
  /** Process ids of `skip serve`, and of the `skip forward` to each of the two. */
  readonly pids: { readonly serve: number; readonly http: number; readonly echo: number };
  /** Of the local ports that lead to the web server and to the TCP service. */
  readonly through: BarePorts;
}

/** Starts all of it. */
export async function startChain(): Promise<Chain> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startServer());
  const bare = (await server.lines.next()).value as BarePorts;
  const targets = [`${bare.http}`, "--name", `/echo=tcp:${bare.echo}`];
  const port = freePort();
  const own = ["--ephemeral", "--bootstrap", "none", "--port", `${port}`, ...ALONE];
  const serving = stack.use(await startSkip("serve", ...targets, ...own));
  const peer = { id: serving.said, bootstrap: `127.0.0.1:${port}` };
  const site = stack.use(await startForward(peer));
  const echo = stack.use(await startForward(peer, "--path", "/echo"));
  const resources = stack.move();
  return {
    bare,
    pids: { serve: serving.pid, http: site.pid, echo: echo.pid },
    through: { http: site.port, echo: echo.port },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The server alone. */
export async function startServer(): Promise<Program> {
  return await startProgram(await ownLoopback(), new URL("./_bare_server.ts", import.meta.url));
}

/** `skip forward`, once it works, and where it listens. */
export async function startForward(
  { id, bootstrap }: { id: string; bootstrap: string },
  ...args: string[]
): Promise<Command & { port: number }> {
  const command = await startSkip("forward", id, ...args, "--bootstrap", bootstrap, ...ALONE);
  return Object.assign(command, { port: Number(command.said.split(":")[1]) });
}

async function startSkip(...args: string[]): Promise<Command> {
  const home = await Deno.makeTempDir({ prefix: "skip-home-" });
  const flags = [...await runFlags(), `-P=${args[0]}`, "cli/main.ts"];
  const child = new Deno.Command(Deno.execPath(), {
    ...await apart(home),
    args: ["run", ...flags, ...args, "--quiet"],
    stdin: "null",
    stderr: "inherit",
  }).spawn();
  const stdout = new Transcript(child.stdout);
  const [, said = ""] = await stdout.until(/^(.+)\n/);
  return {
    ...{ pid: child.pid, said },
    async [Symbol.asyncDispose]() {
      signalChild(child, "SIGTERM");
      await Promise.all([child.status, stdout.over]);
      await Deno.remove(home, { recursive: true });
    },
  };
}
