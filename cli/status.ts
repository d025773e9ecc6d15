import { type FlagTable, readFlags } from "./_flags.ts";
import { Output } from "./_output.ts";
import { runningPath } from "./_paths.ts";
import { duration } from "./_render.ts";
import { listRunning, type Running } from "./_running.ts";

/** So that what stands behind it is in a column. */
const ID_LENGTH = 52;

/** The flags of `skip status`. */
export const STATUS_FLAGS: FlagTable = { boolean: ["json", "quiet", "verbose"], positional: [0, 0] };

/** `skip status`: what of it is running on this machine, for this user. */
export async function statusCommand(args: string[]): Promise<number> {
  const flags = readFlags("status", args, STATUS_FLAGS);
  const output = Output.by(flags);
  const running = await listRunning(runningPath());
  for (const one of running) {
    const { reach: _, ...shown } = one;
    output.event({ type: "running", ...shown });
    output.product(describeRunning(one, Date.now()));
  }
  if (running.length === 0) output.say("Nothing is running here. Try: skip serve");
  return 0;
}

/** One line. */
export function describeRunning(
  { command, detail, id = "any peer", pid, since }: Running,
  now: number,
): string {
  const more = detail ? `  ${detail}` : "";
  return `${command.padEnd(8)} ${id.padEnd(ID_LENGTH)}  ${pid}, since ${age(now - since)}${more}`;
}

function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return duration(Math.max(0, ms));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
