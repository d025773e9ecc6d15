/**
 * The names of a lab's namespaces begin with a prefix that tells whose it is, so that what a killed process has
 * left behind can be told from what another process is using.
 *
 * @module
 */

const PREFIX = /^(skip-([0-9a-z]+)-([0-9a-z]+)-[0-9a-z]+)-/;
const NAMESPACES = "/run/netns";

/** A new prefix: this process's id and start time, and four random letters. */
export function newPrefix(): string {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(4)), (n) => (n % 36).toString(36)).join("");
  const started = startTime(Deno.pid);
  return `skip-${Deno.pid.toString(36)}-${(started ?? 0).toString(36)}-${random}`;
}

/** The prefixes of all namespaces whose owner is dead. */
export async function orphanedPrefixes(): Promise<string[]> {
  const orphaned = new Set<string>();
  for (const [prefix, pid, started] of await ownedNamespaces()) {
    if (startTime(pid) !== started) orphaned.add(prefix);
  }
  return [...orphaned];
}

async function ownedNamespaces(): Promise<[prefix: string, pid: number, started: number][]> {
  const found = new Map<string, [string, number, number]>();
  try {
    for await (const { name } of Deno.readDir(NAMESPACES)) {
      const match = name.match(PREFIX);
      if (match) found.set(match[1]!, [match[1]!, parseInt(match[2]!, 36), parseInt(match[3]!, 36)]);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // no namespace was ever made here
  }
  return [...found.values()];
}

/** In clock ticks since boot: field 22 of proc_pid_stat(5), counted behind the name, which may hold spaces. */
function startTime(pid: number): number | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return undefined;
  }
}

/**
 * A script that ends every process in the namespaces of `prefix`, and removes them with all devices in them.
 * Several may run at once.
 */
export function removalScript(prefix: string): string {
  return `for path in ${NAMESPACES}/${prefix}-*; do
  [ -e "$path" ] || continue
  name=\${path##*/}
  while pids=$(ip netns pids "$name" 2>/dev/null) && [ -n "$pids" ]; do
    kill -9 $pids 2>/dev/null || :
    sleep 0.01
  done
  ip netns del "$name" 2>/dev/null || [ ! -e "$path" ]
done
`;
}
