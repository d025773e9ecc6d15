/** Options of {@linkcode WatchedFile.open}. */
export interface WatchedFileOptions<T> {
  /** What a text means; throws for what means nothing. */
  readonly parse: (text: string) => T;
  /** What it means that there is no such file; without it, that is an error. */
  readonly absent?: T;
  /** Larger files are not read. */
  readonly maxBytes: number;
  /** Told when the file has changed, with the error if it makes no sense now. */
  readonly onRead?: (error?: Error) => void;
}

/** A small file that others may change while we run: what it says now or, while it makes no sense, what it said last. */
export class WatchedFile<T> {
  readonly path: string;
  readonly #options: WatchedFileOptions<T>;
  #value: T;
  #version: string;
  #looking: Promise<void> | undefined;

  private constructor(path: string, options: WatchedFileOptions<T>, version: string, value: T) {
    this.path = path;
    this.#options = options;
    this.#version = version;
    this.#value = value;
  }

  /** Reads the file for the first time. Rejects with what `parse` throws, or the system says. */
  static async open<T>(path: string, options: WatchedFileOptions<T>): Promise<WatchedFile<T>> {
    const version = await versionOf(path);
    return new WatchedFile(path, options, version, await read(path, options));
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
    const version = await versionOf(this.path);
    if (version === this.#version) return;
    this.#version = version; // before it is read: a change meanwhile shows the next time
    try {
      this.#value = await read(this.path, this.#options);
      this.#options.onRead?.();
    } catch (error) {
      this.#options.onRead?.(error as Error);
    }
  }
}

/** Changes with each change of the file; also when it is replaced by another one, as editors do. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, size, mtime, ctime } = await Deno.stat(path);
    return [ino, size, mtime?.getTime(), ctime?.getTime()].join();
  } catch (error) {
    return (error as Error).name;
  }
}

async function read<T>(path: string, { parse, maxBytes, ...options }: WatchedFileOptions<T>): Promise<T> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size > maxBytes) {
      throw new SyntaxError(`Cannot read the file: it is no file of at most ${maxBytes} bytes: ${path}`);
    }
    return parse(await Deno.readTextFile(path));
  } catch (error) {
    if ("absent" in options && error instanceof Deno.errors.NotFound) return options.absent as T;
    if (!(error instanceof Error) || error.message.includes(path)) throw error;
    error.message += `: ${path}`;
    throw error;
  }
}
