import type { Identity } from "../lib/identity/mod.ts";
import { generateIdentity, loadOrCreateIdentity } from "../lib/identity/mod.ts";
import { serve, type Server } from "../lib/serve.ts";
import type { AccessOptions } from "../lib/access/mod.ts";
import { ACCESS_FLAGS, describeAccess, readAccess } from "./_access.ts";
import { Chat } from "./_chat.ts";
import { UsageError } from "./_exit.ts";
import { type Flags, readFlags } from "./_flags.ts";
import { withKeyFile } from "./_key_file.ts";
import { lines } from "./_lines.ts";
import { readBootstrap, readPort, readStun } from "./_network_flags.ts";
import { Output } from "./_output.ts";
import { identityPath, knownNodesPath } from "./_paths.ts";
import { interruptible } from "./_signals.ts";

/** `skip serve`: a WebSocket endpoint that greets, echoes, and lets a person answer. */
export async function serveCommand(args: string[]): Promise<number> {
  const flags = readFlags("serve", args, {
    boolean: [
      ...ACCESS_FLAGS.boolean,
      "ephemeral",
      "json",
      "no-observer",
      "no-map",
      "no-stun",
      "quiet",
      "verbose",
    ],
    string: [...ACCESS_FLAGS.string, "identity", "port"],
    collect: [...ACCESS_FLAGS.collect, "bootstrap", "stun"],
    positional: [0, 0],
  });
  const bootstrap = readBootstrap(flags);
  const stun = readStun(flags);
  const port = readPort(flags);
  const output = new Output({
    json: flags.has("json"),
    quiet: flags.has("quiet"),
    verbose: flags.has("verbose"),
  });
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
      onProgress: (event) => event.type === "ready" ? undefined : output.progress(event),
      ...(bootstrap ? { bootstrap } : {}),
      ...(stun ? { stun } : {}),
      portMapping: !flags.has("no-map"),
      ...(bootstrap?.length === 0 ? {} : { knownNodesFile: await knownNodesPath(bootstrap) }),
    });
    announce(server, output, { bootstrap, access });
    void typed(chat).catch(() => {}); // a terminal that is gone has nobody to type
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    return 0;
  } catch (error) {
    return output.failure(error).exit;
  }
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
