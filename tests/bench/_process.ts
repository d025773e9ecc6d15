/** What a process uses, from `/proc`. */
export interface Usage {
  /** Resident memory. */
  readonly rssBytes: number;
  /** What of it no file backs: the process's own, and not the code of the runtime. */
  readonly ownBytes: number;
  /** User and system time since its start. */
  readonly cpuSeconds: number;
}

/** Clock ticks a second: 100 on every Linux that Deno runs on. */
const TICKS = 100;

/** Resident memory of a process; 0 where the system does not tell. */
export async function residentBytes(pid: number): Promise<number> {
  return Deno.build.os === "linux" ? (await usage(pid)).rssBytes : 0;
}

/** Reads the usage of a process (Linux). */
export async function usage(pid: number): Promise<Usage> {
  const [status, stat] = await Promise.all([
    Deno.readTextFile(`/proc/${pid}/status`),
    Deno.readTextFile(`/proc/${pid}/stat`),
  ]);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const bytes = (name: string) => Number(status.match(new RegExp(`${name}:\\s+(\\d+) kB`))![1]) * 1024;
  return {
    rssBytes: bytes("VmRSS"),
    ownBytes: bytes("RssAnon"),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
  };
}
