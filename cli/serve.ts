import type { Identity } from "../lib/identity/mod.ts";
import { generateIdentity, loadOrCreateIdentity } from "../lib/identity/mod.ts";
import { serve, type ServeHandler, type Server } from "../lib/serve.ts";
import type { AccessOptions } from "../lib/access/mod.ts";
import type { PathKind } from "../lib/progress.ts";
import { ACCESS_FLAGS, describeAccess, readAccess } from "./_access.ts";
import { Chat } from "./_chat.ts";
import { withConfigFile } from "./_config_file.ts";
import { UsageError } from "./_exit.ts";
import { type Flags, type FlagTable, readFlags } from "./_flags.ts";
import { commandLine, ownInvocation } from "./_invocation.ts";
import { withKeyFile } from "./_key_file.ts";
import { lines } from "./_lines.ts";
import { bootstrapText, readBootstrap, readPort } from "./_network_flags.ts";
import { Output } from "./_output.ts";
import { identityPath, runningPath } from "./_paths.ts";
import { readNetwork } from "./_peer_flags.ts";
import { qrLines } from "./_qr.ts";
import { printable } from "./_render.ts";
import { RequestLog } from "./_request_log.ts";
import { type About, announceRunning, listRunning } from "./_running.ts";
import { interruptible, untilInterrupted } from "./_signals.ts";
import { isListening, type NamedTarget, openTargets, readTargets } from "./_targets.ts";
import { absoluteArguments, unitText } from "./_unit.ts";

/** Enough to tell one from another. */
const MAX_DETAIL = 200;

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
  collect: [...ACCESS_FLAGS.collect, "bootstrap", "name", "stun"],
  files: ["allow-file", "config", "identity"],
  path: true,
  rivals: [["ephemeral", "identity"], ["ephemeral", "invite-only"], ["stun", "no-stun"]],
  positional: [0, 1],
};

/** `skip serve`: what is there already, or else a WebSocket endpoint that greets, echoes, and lets a person answer. */
export async function serveCommand(args: string[]): Promise<number> {
  const flags = await withConfigFile(readFlags("serve", args, SERVE_FLAGS), SERVE_FLAGS);
  const targets = await readTargets(flags);
  const port = readPort(flags);
  const output = Output.by(flags);
  const network = readNetwork(flags, output);
  if (flags.has("print-unit")) return printUnit(args, flags, output);
  using interrupt = interruptible();
  const { signal } = interrupt;
  using service = targets.length > 0 ? standInFront(targets, flags, output) : converse(output);
  try {
    const identity = await readIdentity(flags);
    const access = await readAccess(flags, identity);
    await using server = await serve(service.handler, {
      ...await network(),
      identity,
      ...(access ? { access } : {}),
      port,
      signal,
      observer: !flags.has("no-observer"),
      onProgress(event) {
        if (event.type === "path") service.learnPath(event.remote, event.kind);
        if (event.type !== "ready") output.progress(event);
      },
    });
    await tellOfTwins(server.id, output);
    const reach = wayTo(server, { bootstrap: readBootstrap(flags), targets });
    await using _ = await announceRunning(runningPath(), { ...aboutOf(server, targets), reach });
    announce(server, output, { reach, access });
    if (flags.has("qr")) output.draw(qrLines(server.id, output.colour).join("\n"));
    await Promise.all(targets.map((target) => describe(target, output)));
    service.begin();
    return await untilInterrupted(signal);
  } catch (error) {
    return output.failure(error).exit;
  }
}

/** A unit for this very invocation. The key file is named: a service may have another configuration folder. */
function printUnit(args: string[], flags: Flags, output: Output): number {
  const identity = flags.has("ephemeral") || flags.value("identity") ? [] : ["--identity", identityPath()];
  const own = absoluteArguments([...identity, ...args], SERVE_FLAGS, "print-unit"); // flags end at a `--`
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
  { reach, access }: { reach: string; access: AccessOptions | undefined },
) {
  const command = `${reach}${access ? " --as-me" : ""}`;
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

/** What decides on what the other side has to type. */
interface Terms {
  readonly bootstrap: readonly string[] | undefined;
  readonly targets: readonly NamedTarget[];
}

/** The command that reaches what is served: to a browser or a program, unless it is the chat. */
function wayTo({ id, port }: Server, { bootstrap, targets: [first] }: Terms): string {
  const nodes = bootstrapText(bootstrap, port);
  if (!first) return `skip connect ${id}${nodes}`;
  const { pathname } = new URL(first.path, "http://x");
  return `skip forward ${id}${nodes}${pathname === "/" ? "" : ` --path ${pathname}`}`;
}

/** For `skip status`. */
function aboutOf({ id }: Server, targets: readonly NamedTarget[]): About {
  const all = targets.map(({ path, text }) => path === "/" ? text : `${path} is ${text}`).join(", ");
  return { command: "serve", id, detail: printable(all.slice(0, MAX_DETAIL)) || "chat" };
}

/** Whoever connects reaches the process that published last, which the others see within minutes and then do in turn. */
async function tellOfTwins(id: string, output: Output) {
  const running = await listRunning(runningPath()).catch(() => []); // what nobody may read tells nothing
  for (const twin of running.filter(({ command, id: other }) => command === "serve" && other === id)) {
    output.event({ type: "twin", pid: twin.pid });
    output.say(
      `\nProcess ${twin.pid} on this machine serves this id, too: whoever connects reaches one of the two.`,
    );
  }
}

/** What is served, and what to do once others can find it. */
interface Service extends Disposable {
  readonly handler: ServeHandler;
  /** A path of this kind has come about with whoever is there. */
  learnPath(remote: string, kind: PathKind): void;
  begin(): void;
}

function converse(output: Output): Service {
  const chat = new Chat(output);
  return {
    handler: chat.handler,
    learnPath: (remote, kind) => chat.learnPath(remote, kind),
    begin: () => void typed(chat).catch(() => {}), // a terminal that is gone has nobody to type
    [Symbol.dispose]: () => {},
  };
}

async function typed(chat: Chat) {
  for await (const line of lines(Deno.stdin.readable)) chat.say(line);
}

function standInFront(targets: readonly NamedTarget[], flags: Flags, output: Output): Service {
  const log = new RequestLog(output, { verbose: flags.has("verbose") });
  const target = openTargets(targets, log.onFault);
  return {
    handler: log.watch(target),
    learnPath: () => {},
    begin: () => {},
    [Symbol.dispose]: () => target[Symbol.dispose](),
  };
}

/** A target may be started later, so one that does not listen is worth a note, not a failure. */
async function describe(target: NamedTarget, output: Output) {
  const { path, text } = target;
  const listening = await isListening(target);
  output.event({ type: "target", path, target: text, listening });
  output.say(`${path} is ${text}${listening ? "" : ", which does not listen yet"}`);
}
