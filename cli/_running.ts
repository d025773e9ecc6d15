import { join } from "node:path";

/** How often a running command shows that it is alive. */
const HEARTBEAT_MS = 5000;
/** One that has not shown it for so long has ended without saying so. */
const DEAD_AFTER_MS = 20_000;
/** Longer than any that is written; nobody reads more of a file in a folder where others may write. */
const MAX_FILE_BYTES = 4096;

/** What a running command tells of itself. */
export interface About {
  /** `serve`, `forward` and the like. */
  readonly command: string;
  /** The id that is served, or that of the peer; absent where it is none in particular. */
  readonly id?: string;
  /** Where it can be reached on this machine, or what it serves; for a person. */
  readonly detail?: string;
  /** What the other side has to type, without saying who it is. */
  readonly reach?: string;
}

/** A running command, as `skip status` shows it. */
export interface Running extends About {
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/**
 * Shows in `folder` that a command is running, until it is disposed of. What cannot be written costs nothing but the line in
 * `skip status`. Never rejects.
 */
export async function announceRunning(
  folder: string,
  about: About,
  { heartbeatMs = HEARTBEAT_MS }: { heartbeatMs?: number } = {},
): Promise<AsyncDisposable> {
  const path = join(folder, `${Deno.pid}.json`);
  const running: Running = { pid: Deno.pid, since: Date.now(), ...about };
  const write = () => writeFile(folder, path, running).catch(() => {});
  let writing = write();
  const timer = setInterval(() => writing = writing.then(write), heartbeatMs);
  await writing;
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await writing;
      await Deno.remove(path).catch(() => {});
    },
  };
}

async function writeFile(folder: string, path: string, running: Running): Promise<void> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(path, JSON.stringify(running), { mode: 0o600 });
}

/** The commands that are running, the oldest first; forgets those that have ended without saying so, where it may. */
export async function listRunning(folder: string, now: number = Date.now()): Promise<Running[]> {
  const running: Running[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const { mtime, size } = await Deno.lstat(path).catch(() => ({ mtime: null, size: 0 }));
    if (now - (mtime?.getTime() ?? 0) > DEAD_AFTER_MS) await forget(path);
    else if (size <= MAX_FILE_BYTES) running.push(...await read(path));
  }
  return running.sort((a, b) => a.since - b.since);
}

/** `skip status` has to read and no more: nobody is asked for the permission to tidy up. */
async function forget(path: string): Promise<void> {
  const { state } = await Deno.permissions.query({ name: "write", path });
  if (state === "granted") await Deno.remove(path).catch(() => {});
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) if (/^\d+\.json$/.test(name)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // nothing has run yet
  }
  return names;
}

async function read(path: string): Promise<Running[]> {
  try {
    return parseRunning(await Deno.readTextFile(path));
  } catch {
    return []; // gone since
  }
}

/** What a file tells, if it is one of ours and whole. Never throws. */
export function parseRunning(text: string): Running[] {
  try {
    const { pid, since, command, id, detail, reach } = JSON.parse(text);
    const more = { ...(id ? { id } : {}), ...(detail ? { detail } : {}), ...(reach ? { reach } : {}) };
    const isWhole = Number.isSafeInteger(pid) && Number.isFinite(since) &&
      [command, ...Object.values(more)].every((text) => typeof text === "string");
    return isWhole ? [{ pid, since, command, ...more }] : [];
  } catch {
    return []; // it is being written, or somebody else's
  }
}
