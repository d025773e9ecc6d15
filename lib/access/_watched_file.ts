/**
 * A file that was changed so short a time ago may be changed again without a trace: file systems count time in steps, FAT in steps
 * of two seconds.
 */
const CLOCK_STEP_MS = 2_000;

/** Options of {@linkcode WatchedFile.open}. */
export interface WatchedFileOptions<T> {
  /** What a text means; throws for what means nothing. */
  readonly parse: (text: string) => T;
  /** What it means that there is no such file; without it, that is an error. */
  readonly absent?: T;
  /** Larger files are not read. */
  readonly maxBytes: number;
  /** Told when the file says something else, with the error if it makes no sense now. */
  readonly onRead?: (error?: Error) => void;
}

/** A small file that others may change while we run: what it says now or, while it makes no sense, what it said last. */
export class WatchedFile<T> {
  readonly path: string;
  readonly #options: WatchedFileOptions<T>;
  #value: T;
  #version: Version;
  #reading: Reading;
  #looking: Promise<void> | undefined;

  private constructor(path: string, options: WatchedFileOptions<T>, version: Version, reading: Reading) {
    this.path = path;
    this.#options = options;
    this.#version = version;
    this.#reading = reading;
    this.#value = valueOf(path, reading, options);
  }

  /** Reads the file for the first time. Rejects with what `parse` throws, or the system says. */
  static async open<T>(path: string, options: WatchedFileOptions<T>): Promise<WatchedFile<T>> {
    const version = await versionOf(path);
    return new WatchedFile(path, options, version, await read(path, options.maxBytes));
  }

  /** What the file said when it was looked at last. */
  get value(): T {
    return this.#value;
  }

  /** Looks whether the file has changed, and reads it then. Never rejects. */
  refresh(): Promise<void> {
    return this.#looking ??= this.#look().finally(() => this.#looking = undefined);
  }

  async #look() {
    const before = this.#version;
    this.#version = await versionOf(this.path); // before it is read: a change meanwhile shows the next time
    if (this.#version.text === before.text && before.isSettled) return;
    const last = this.#reading;
    this.#reading = await read(this.path, this.#options.maxBytes);
    if (String(this.#reading) === String(last)) return;
    try {
      this.#value = valueOf(this.path, this.#reading, this.#options);
      this.#options.onRead?.();
    } catch (error) {
      this.#options.onRead?.(error as Error);
    }
  }
}

/** What tells one state of a file from the next. */
interface Version {
  readonly text: string;
  /** Whether it changes with the next change for sure. */
  readonly isSettled: boolean;
}

/** Changes with each change of the file; also when it is replaced by another one, as editors do. */
async function versionOf(path: string): Promise<Version> {
  try {
    const { ino, size, mtime, ctime } = await Deno.stat(path);
    const times = [mtime?.getTime() ?? 0, ctime?.getTime() ?? 0];
    const isSettled = Math.abs(Date.now() - Math.max(...times)) > CLOCK_STEP_MS;
    return { text: [ino, size, ...times].join(), isSettled };
  } catch (error) {
    return { text: (error as Error).name, isSettled: true };
  }
}

/** The text of a file, or why there is none. */
type Reading = string | Error;

async function read(path: string, maxBytes: number): Promise<Reading> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (isFile && size <= maxBytes) return await Deno.readTextFile(path);
    throw new SyntaxError(`Cannot read the file: it is no file of at most ${maxBytes} bytes`);
  } catch (error) {
    return withPath(error as Error, path);
  }
}

/** Throws where the text means nothing, or there is none, with the path in the message. */
function valueOf<T>(path: string, reading: Reading, { parse, ...options }: WatchedFileOptions<T>): T {
  try {
    if (typeof reading === "string") return parse(reading);
    if ("absent" in options && reading instanceof Deno.errors.NotFound) return options.absent as T;
    throw reading;
  } catch (error) {
    throw error instanceof Error ? withPath(error, path) : error;
  }
}

function withPath(error: Error, path: string): Error {
  if (!error.message.includes(path)) error.message += `: ${path}`;
  return error;
}
