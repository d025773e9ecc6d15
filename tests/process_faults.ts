/**
 * What can go wrong with a process, done on purpose from outside (Linux).
 *
 * @module
 */

import type { Place } from "./skip_process.ts";

/** Has a process have so many more descriptors, and then no more; gives the way to take that back. */
export async function limitDescriptors(pid: number, free: number): Promise<() => Promise<void>> {
  const limits = await Deno.readTextFile(`/proc/${pid}/limits`);
  const [, soft, hard] = limits.match(/^Max open files\s+(\d+)\s+(\d+)/m)!;
  await setLimit(pid, `${await lowestFree(pid, free)}:${hard}`);
  return () => setLimit(pid, `${soft}:${hard}`);
}

/** The limit that leaves so many of the lowest numbers free: the kernel always takes the lowest. */
async function lowestFree(pid: number, free: number): Promise<number> {
  const taken = new Set<number>();
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) taken.add(Number(name));
  let limit = 0;
  for (let left = free; left > 0; limit++) if (!taken.has(limit)) left--;
  return limit;
}

async function setLimit(pid: number, limit: string): Promise<void> {
  const args = ["--pid", `${pid}`, `--nofile=${limit}`];
  const { success, stderr } = await new Deno.Command("prlimit", { args }).output();
  if (!success) throw new Error(`Cannot limit descriptors: ${new TextDecoder().decode(stderr)}`);
}

/** The same machine for a Deno process whose clock is so many days off, and can be set with SIGUSR1 and SIGUSR2. */
export function withClock(place: Place, days = 0): Place {
  const preload = `--preload=${new URL(`./lab/testdata/step_clock.ts?days=${days}`, import.meta.url)}`;
  return {
    spawn: (command, [run, ...args], options) => place.spawn(command, [run!, preload, ...args], options),
  };
}

/** What is wrong with a disk. */
export type DiskFault = "full" | "read-only";

const SPOIL: Readonly<Record<DiskFault, string>> = {
  "full": `cat /dev/zero > "$0/filling" 2>/dev/null || true`,
  "read-only": `mount -o remount,ro "$0"`,
};

/** A process's own file system for what it keeps between runs: small, and spoilt from the start or later. */
export class SmallDisk {
  /** Where to start the process; one at a time. */
  readonly place: Place;
  #home = "";
  #pid = 0;

  /** For a process at `place`. */
  constructor(place: Place, fault?: DiskFault) {
    const spoil = fault ? `${SPOIL[fault]}; ` : "";
    const script = `mount -t tmpfs -o size=256k none "$0"; ${spoil}exec "$@"`;
    this.place = {
      spawn: (command, args, options) => {
        // The temporary folder around it is this process's alone.
        this.#home = options.env!.XDG_CONFIG_HOME!.replace(/\/[^/]*$/, "");
        const inside = ["--mount", "sh", "-ec", script, this.#home, command, ...args];
        const child = place.spawn("unshare", inside, options);
        this.#pid = child.pid;
        return child;
      },
    };
  }

  /** From now on nothing can be written. */
  async spoil(fault: DiskFault): Promise<void> {
    const args = ["--mount", "--target", `${this.#pid}`, "sh", "-ec", SPOIL[fault], this.#home];
    const { success, stderr } = await new Deno.Command("nsenter", { args }).output();
    if (!success) throw new Error(`Cannot spoil the disk: ${new TextDecoder().decode(stderr)}`);
  }
}
