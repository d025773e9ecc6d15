/** Whether the JSR registry answers from this machine: asked once, remembered in `.cache/`. */

const PROBE_TIMEOUT_MS = 1_000;
/** A registry that was out of reach is asked again after this time; one that answered has filled Deno's cache. */
const RETRY_UNREACHABLE_MS = 24 * 60 * 60 * 1_000;

/** What one probe found, and for which set-up it holds. */
interface Remembered {
  key: string;
  reachable: boolean;
  atMs: number;
}

/** Where JSR packages come from, read the way Deno itself does. */
export function jsrUrl(): string {
  return Deno.env.get("JSR_URL") ?? "https://jsr.io/";
}

/** Asks the registry for one small file; anything but a good answer within a second counts as unreachable. */
async function probe(url: string): Promise<boolean> {
  try {
    const response = await fetch(new URL("/@std/assert/meta.json", url), {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function isCurrent(answer: Remembered, key: string): boolean {
  if (answer.key !== key) return false;
  return answer.reachable || Date.now() - answer.atMs < RETRY_UNREACHABLE_MS;
}

async function recall(file: URL): Promise<Remembered | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch {
    return undefined;
  }
}

/**
 * Writes a file so that a concurrent reader sees the old text or the new one, never half of it. One that has the text already
 * stays untouched: a program that is starting meanwhile would be asked for permission to read its own module anew.
 *
 * @param file The file to replace; its folder is made if missing.
 * @param text Its new text.
 */
export async function replaceFile(file: URL, text: string): Promise<void> {
  if (await Deno.readTextFile(file).catch(() => undefined) === text) return;
  await Deno.mkdir(new URL("./", file), { recursive: true });
  const draft = new URL(`${file.href}.${crypto.randomUUID()}`);
  await Deno.writeTextFile(draft, text);
  await Deno.rename(draft, file);
}

/** What {@linkcode jsrReachable} goes by. */
export interface ReachableOptions {
  /** Where JSR packages come from. */
  url: string;
  /** The folder that remembers the answer. */
  cache: URL;
  /** What the answer was asked for: anything else asks again. */
  basis: unknown;
  /** Runs after a new answer, before it is remembered. */
  onNew: (reachable: boolean) => Promise<void>;
}

/** Tells whether JSR can be used, probing only when no remembered answer holds. */
export async function jsrReachable({ url, cache, basis, onNew }: ReachableOptions): Promise<boolean> {
  const file = new URL("registry.json", cache);
  const key = JSON.stringify([url, basis]);
  const remembered = await recall(file);
  if (remembered && isCurrent(remembered, key)) return remembered.reachable;
  const reachable = await probe(url);
  await onNew(reachable);
  await replaceFile(file, JSON.stringify({ key, reachable, atMs: Date.now() } satisfies Remembered));
  return reachable;
}
