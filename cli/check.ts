import { netcheck, type NetLine, type NetReport, parseNetLine, prospects } from "../lib/netcheck/mod.ts";
import { CommandError, Exit, UsageError } from "./_exit.ts";
import { type Flags, type FlagTable, readFlags } from "./_flags.ts";
import { readBootstrap, readStun } from "./_network_flags.ts";
import { Output } from "./_output.ts";
import { cacheFolder, knownNodesPath } from "./_paths.ts";
import { tellShortcomings } from "./_permissions.ts";
import { percent, reportLines } from "./_report.ts";
import { interruptible } from "./_signals.ts";

/** The flags of `skip check`. */
export const CHECK_FLAGS: FlagTable = {
  boolean: ["line", "no-map", "no-stun", "json", "quiet", "verbose"],
  string: ["with"],
  collect: ["bootstrap", "stun"],
  positional: [0, 0],
};

/** `skip check`: what the network does, and with whom it connects. */
export async function checkCommand(args: string[]): Promise<number> {
  const flags = readFlags("check", args, CHECK_FLAGS);
  const bootstrap = readBootstrap(flags);
  const peer = readLine(flags);
  const stun = readStun(flags);
  const output = Output.by(flags);
  using interrupt = interruptible();
  try {
    tellShortcomings(output, cacheFolder());
    output.say("Looking at this network, for 6 s at most.");
    const report = await netcheck({
      signal: interrupt.signal,
      ...(bootstrap ? { bootstrap } : {}),
      ...(stun ? { stun } : {}),
      portMapping: !flags.has("no-map"),
      ...(bootstrap?.length === 0 ? {} : { knownNodesFile: await knownNodesPath(bootstrap) }),
    });
    if (peer) return tellProspects(report, peer, output);
    output.event({ type: "check", ...report });
    output.product(flags.has("line") ? report.line : reportLines(report).join("\n"));
    if (!flags.has("line")) output.say(`\nOn the other side:\n\n  skip check --with "${report.line}"\n`);
    return isMeasured(report) ? Exit.ok : Exit.failed;
  } catch (error) {
    return output.failure(error).exit;
  }
}

/** Whether anybody answered; otherwise the report says nothing of the network. */
function isMeasured({ dht, servers }: NetReport): boolean {
  return dht.online || servers.some((server) => server.ms !== undefined);
}

function readLine(flags: Flags): NetLine | undefined {
  const text = flags.value("with");
  const line = text === undefined ? undefined : parseNetLine(text);
  if (line !== null) return line;
  throw new UsageError(
    "--with is no line of skip check",
    'Give --with the quoted line that skip check prints last, such as "skip1 preserving/port".',
  );
}

/** Whether the two connect, how, and if not, why. */
function tellProspects(report: NetReport, peer: NetLine, output: Output): number {
  const own = parseNetLine(report.line)!;
  const { strategy, odds, reason, remedy } = prospects(own, peer);
  const connects = strategy !== "none";
  const event = { type: "prospects", connects, strategy, odds, reason, line: report.line };
  output.event({ ...event, ...(remedy ? { remedy } : {}) });
  if (!connects) {
    throw new CommandError(reason, {
      code: "no-direct-path",
      exit: Exit.unreachable,
      what: "The two networks will not connect directly",
      hint: remedy ?? "Use another network on one side.",
    });
  }
  output.product(`The two networks connect directly (${strategy}, ${percent(odds)}): ${reason}.`);
  return Exit.ok;
}
