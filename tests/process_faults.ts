/**
 * What can go wrong with a process, done on purpose from outside (Linux).
 *
 * @module
 */

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
