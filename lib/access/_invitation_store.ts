import { delay } from "@std/async";
import { dirname } from "node:path";
import { parsePeerId } from "../identity/mod.ts";
import { MAX_USES } from "./invitation.ts";
import { WatchedFile } from "./_watched_file.ts";

/** More open invitations than this are a mistake, and each change writes them all. */
const MAX_INVITATIONS = 1000;
/** A thousand ids of 52 characters for each of some invitations for many; far more than a list of friends has. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** Whoever holds the lock needs some milliseconds; one that was stopped in the middle must not stop us. */
const LOCK_PATIENCE_MS = 2000;
const LOCK_RETRY_MS = 10;

/** What has become of an invitation. */
export interface Invitation {
  /** 24 hexadecimal digits that name it, and open nothing. */
  readonly key: string;
  /** Until when it is good, in milliseconds since 1970. */
  readonly expires: number;
  /** How many peers it lets in. */
  readonly uses: number;
  /** Whether it was taken back. */
  readonly revoked: boolean;
  /** The ids that have come in by it. */
  readonly peers: readonly string[];
}

/** Where invitations are kept. */
export interface InvitationStore {
  /** What is kept, as far as is known. */
  readonly value: readonly Invitation[];
  /** Finds out what is kept now. */
  refresh(): Promise<void>;
  /** Replaces what is kept by what `change` makes of it; nobody else can change it meanwhile. */
  update(change: (invitations: readonly Invitation[]) => readonly Invitation[]): Promise<void>;
}

/** Keeps invitations as long as the process lives. */
export class MemoryStore implements InvitationStore {
  value: readonly Invitation[] = [];

  refresh(): Promise<void> {
    return Promise.resolve();
  }

  // deno-lint-ignore require-await -- what `change` throws is a rejection
  async update(change: (invitations: readonly Invitation[]) => readonly Invitation[]): Promise<void> {
    this.value = checkCount(change(this.value));
  }
}

/** Keeps invitations in a file of mode 0600 that any number of processes share. */
export class FileStore implements InvitationStore {
  readonly #path: string;
  #file: WatchedFile<readonly Invitation[]> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get value(): readonly Invitation[] {
    return this.#file?.value ?? [];
  }

  async refresh(): Promise<void> {
    if (this.#file) await this.#file.refresh();
    else this.#file = await open(this.#path);
  }

  async update(change: (invitations: readonly Invitation[]) => readonly Invitation[]): Promise<void> {
    await Deno.mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    using _ = await lock(`${this.#path}.lock`);
    const { value } = await open(this.#path); // rejects for one that makes no sense, and leaves it as it is
    await replace(this.#path, checkCount(change(value)));
    this.#file = await open(this.#path);
  }
}

function open(path: string): Promise<WatchedFile<readonly Invitation[]>> {
  return WatchedFile.open(path, { parse: parseInvitations, absent: [], maxBytes: MAX_FILE_BYTES });
}

/** The lock ends with the process that holds it, however it ends. */
async function lock(path: string): Promise<Disposable> {
  const file = await Deno.open(path, { create: true, write: true, mode: 0o600 });
  const start = performance.now();
  try {
    while (!await file.tryLock(true)) {
      if (performance.now() - start > LOCK_PATIENCE_MS) {
        throw new Deno.errors.TimedOut(
          `Cannot change the invitations: another process holds the lock: ${path}`,
        );
      }
      await delay(LOCK_RETRY_MS);
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Whole or not at all: written beside, then renamed. */
async function replace(path: string, invitations: readonly Invitation[]) {
  const text = `${JSON.stringify({ version: 1, invitations })}\n`;
  if (text.length > MAX_FILE_BYTES) {
    throw new RangeError("Cannot invite: the file of invitations is full, wait until some have expired");
  }
  const beside = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.writeTextFile(beside, text, { mode: 0o600, createNew: true });
    await flush(beside);
    await Deno.rename(beside, path);
  } catch (error) {
    await Deno.remove(beside).catch(() => {});
    throw error;
  }
}

/** Before a file gets its name: a crash must not leave an empty one in place of all invitations. */
async function flush(path: string) {
  using file = await Deno.open(path, { write: true });
  await file.sync();
}

function checkCount(invitations: readonly Invitation[]): readonly Invitation[] {
  if (invitations.length <= MAX_INVITATIONS) return invitations;
  throw new RangeError(
    `Cannot invite: at most ${MAX_INVITATIONS} invitations may be open, wait until some have expired`,
  );
}

/** Reads the file's text. Throws `SyntaxError` for what we have not written. */
export function parseInvitations(text: string): readonly Invitation[] {
  try {
    const { version, invitations } = JSON.parse(text);
    if (version === 1 && Array.isArray(invitations) && invitations.length <= MAX_INVITATIONS) {
      return invitations.map(toInvitation);
    }
  } catch {
    // said below
  }
  throw new SyntaxError("Cannot read the invitations: remove their file to take all of them back");
}

/** Throws whatever comes of what is none. */
function toInvitation(entry: unknown): Invitation {
  const { key, expires, uses, revoked, peers } = entry as Invitation;
  const isRight = /^[0-9a-f]{24}$/.test(key) && Number.isSafeInteger(expires) &&
    typeof revoked === "boolean" &&
    Number.isInteger(uses) && uses >= 1 && uses <= MAX_USES && peers.length <= uses;
  if (!isRight) throw new SyntaxError("no invitation");
  return { key, expires, uses, revoked, peers: peers.map((id) => parsePeerId(id).id) };
}
