import type { Identity } from "../lib/identity/mod.ts";
import { generateIdentity, loadOrCreateIdentity } from "../lib/identity/mod.ts";
import { serve, type Server } from "../lib/serve.ts";
import type { AccessOptions } from "../lib/access/mod.ts";
import { ACCESS_FLAGS, describeAccess, readAccess } from "./_access.ts";
import { Chat } from "./_chat.ts";
import { withConfigFile } from "./_config_file.ts";
import { UsageError } from "./_exit.ts";
import { type Flags, type FlagTable, readFlags } from "./_flags.ts";
import { commandLine, ownInvocation } from "./_invocation.ts";
import { withKeyFile } from "./_key_file.ts";
import { lines } from "./_lines.ts";
import { readBootstrap, readPort, readStun } from "./_network_flags.ts";
import { Output } from "./_output.ts";
import { identityPath, knownNodesPath, runningPath } from "./_paths.ts";
import { qrLines } from "./_qr.ts";
import { announceRunning } from "./_running.ts";
import { interruptible } from "./_signals.ts";
import { absoluteArguments, unitText } from "./_unit.ts";

/** The flags of `skip serve`. */
export const SERVE_FLAGS: FlagTable = {
  boolean: [
    ...ACCESS_FLAGS.boolean,
    "ephemeral",
    "json",
    "no-observer",
    "no-map",
    "no-stun",
    "print-unit",
    "qr",
    "quiet",
    "verbose",
  ],
  string: [...ACCESS_FLAGS.string, "config", "identity", "port"],
  collect: [...ACCESS_FLAGS.collect, "bootstrap", "stun"],
  files: ["allow-file", "config", "identity"],
  rivals: [["ephemeral", "identity"], ["ephemeral", "invite-only"], ["stun", "no-stun"]],
  positional: [0, 0],
};

/** `skip serve`: a WebSocket endpoint that greets, echoes, and lets a person answer. */
export async function serveCommand(args: string[]): Promise<number> {
  const flags = await withConfigFile(readFlags("serve", args, SERVE_FLAGS), SERVE_FLAGS);
  const bootstrap = readBootstrap(flags);
  const stun = readStun(flags);
  const port = readPort(flags);
  const output = new Output({
    json: flags.has("json"),
    quiet: flags.has("quiet"),
    verbose: flags.has("verbose"),
  });
  if (flags.has("print-unit")) return printUnit(args, flags, output);
  using interrupt = interruptible();
  const { signal } = interrupt;
  const chat = new Chat(output);
  try {
    const identity = await readIdentity(flags);
    const access = await readAccess(flags, identity);
    await using server = await serve(chat.handler, {
      identity,
      ...(access ? { access } : {}),
      port,
      signal,
      observer: !flags.has("no-observer"),
      onProgress(event) {
        if (event.type === "path") chat.learnPath(event.remote, event.kind);
        if (event.type !== "ready") output.progress(event);
      },
      ...(bootstrap ? { bootstrap } : {}),
      ...(stun ? { stun } : {}),
      portMapping: !flags.has("no-map"),
      ...(bootstrap?.length === 0 ? {} : { knownNodesFile: await knownNodesPath(bootstrap) }),
    });
    announce(server, output, { bootstrap, access });
    await using _ = await announceRunning(runningPath(), { command: "serve", id: server.id });
    if (flags.has("qr")) output.say(qrLines(server.id, output.colour).join("\n"));
    void typed(chat).catch(() => {}); // a terminal that is gone has nobody to type
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    return 0;
  } catch (error) {
    return output.failure(error).exit;
  }
}

/** A unit for this very invocation. The key file is named: a service may have another configuration folder. */
function printUnit(args: string[], flags: Flags, output: Output): number {
  const identity = flags.has("ephemeral") || flags.value("identity") ? [] : ["--identity", identityPath()];
  const own = absoluteArguments([...args, ...identity], SERVE_FLAGS, "print-unit");
  const command = [...commandLine(ownInvocation(), "serve"), ...own];
  const folder = Deno.cwd();
  output.product(unitText({ command, folder }));
  output.event({ type: "unit", command, folder });
  output.say("\nSave it and start it: see skip help service.");
  return 0;
}

async function readIdentity(flags: Flags): Promise<Identity> {
  const file = flags.value("identity");
  if (!flags.has("ephemeral")) return await withKeyFile(file ?? identityPath(), loadOrCreateIdentity);
  if (file === undefined) return generateIdentity();
  throw new UsageError("--ephemeral goes with no --identity", "Give one of the two.");
}

/** The id for scripts, and for a person the whole command that the other side has to type. */
function announce(
  server: Server,
  output: Output,
  { bootstrap, access }: { bootstrap: readonly string[] | undefined; access: AccessOptions | undefined },
) {
  const flags = bootstrap?.length === 0
    ? ` --bootstrap THIS-HOST:${server.port}`
    : (bootstrap ?? []).map((node) => ` --bootstrap ${node}`).join("");
  const command = `skip connect ${server.id}${flags}${access ? " --as-me" : ""}`;
  output.product(server.id);
  output.event({
    type: "ready",
    id: server.id,
    port: server.port,
    command,
    access: access ? "limited" : "anyone",
  });
  output.say(`\n${describeAccess(access)}\n\nOn the other side:\n\n  ${command}\n`);
}

async function typed(chat: Chat) {
  for await (const line of lines(Deno.stdin.readable)) chat.say(line);
}
