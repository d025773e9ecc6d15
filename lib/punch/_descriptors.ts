/** Open files that everything else needs: the DHT, connections, the runtime. */
const RESERVED = 256;
/** POSIX systems give at least so many; used where the limit cannot be read. */
const USUAL_LIMIT = 1024;
const LIMITS_FILE = "/proc/self/limits";

/** How many sockets one volley may hold: a half of what `RLIMIT_NOFILE` leaves, since two volleys may overlap. */
export function descriptorBudget(limit: number = softLimit()): number {
  return Math.max(16, Math.floor((limit - RESERVED) / 2));
}

/** The soft limit, where it can be read without asking anybody. */
function softLimit(): number {
  try {
    const { state } = Deno.permissions.querySync({ name: "read", path: LIMITS_FILE });
    if (state !== "granted") return USUAL_LIMIT;
    const [, limit] = /^Max open files\s+(\d+)/m.exec(Deno.readTextFileSync(LIMITS_FILE)) ?? [];
    return Number(limit ?? USUAL_LIMIT);
  } catch {
    return USUAL_LIMIT;
  }
}
