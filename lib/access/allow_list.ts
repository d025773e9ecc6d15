import { parsePeerId } from "../identity/mod.ts";
import { WatchedFile } from "./_watched_file.ts";

/** Far more than anybody knows by name; a list of that length is still found in no time. */
const MAX_PEERS = 10_000;
const MAX_FILE_BYTES = 1024 * 1024;

/** Where the ids of an {@linkcode AllowList} come from. */
export interface AllowListOptions {
  /** Ids of peers that may come in, whatever a file says. */
  readonly allow?: readonly string[] | undefined;
  /** File with more of them, in the form that {@linkcode parseAllowList} reads. */
  readonly allowFile?: string | undefined;
  /** Told when the file has changed, with the error if it makes no sense now: then the list before still counts. */
  readonly onRead?: (peers: number, error?: Error) => void;
}

/** The peers that may come in without being invited. */
export class AllowList {
  readonly #fixed: ReadonlySet<string>;
  readonly #file: WatchedFile<ReadonlySet<string>> | undefined;

  private constructor(fixed: ReadonlySet<string>, file: WatchedFile<ReadonlySet<string>> | undefined) {
    this.#fixed = fixed;
    this.#file = file;
  }

  /**
   * Reads the list. Rejects with `SyntaxError` for what is no id, and with what the system says of a file that cannot be
   * read.
   */
  static async open({ allow = [], allowFile, onRead }: AllowListOptions): Promise<AllowList> {
    const fixed = new Set(allow.map((text) => parsePeerId(text).id));
    const file = allowFile === undefined ? undefined : await WatchedFile.open(allowFile, {
      parse: parseAllowList,
      maxBytes: MAX_FILE_BYTES,
      onRead: (error) => onRead?.(list.size, error),
    });
    const list: AllowList = new AllowList(fixed, file);
    return list;
  }

  /** How many peers it names. */
  get size(): number {
    return this.#file ? this.#fixed.union(this.#file.value).size : this.#fixed.size;
  }

  /** Whether a peer is on it; `id` is in its canonical form. */
  has(id: string): boolean {
    return this.#fixed.has(id) || this.#file?.value.has(id) === true;
  }

  /** Looks whether the file has changed. Never rejects. */
  async refresh(): Promise<void> {
    await this.#file?.refresh();
  }
}

/**
 * Reads the text of an allow list: an id a line, with a name before it or not; empty lines count as nothing, and so does what
 * follows a `#`.
 *
 * @throws {SyntaxError} With the number of the line that is none of these.
 */
export function parseAllowList(text: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const [index, line] of text.split("\n").entries()) {
    const words = line.replace(/#.*/s, "").split(/\s+/).filter((word) => word !== "");
    if (words.length === 0) continue;
    if (words.length > 2) throw wrong(index, "a line holds one id, and a name before it or not");
    try {
      ids.add(parsePeerId(words.at(-1)!).id);
    } catch (error) {
      throw wrong(index, (error as Error).message);
    }
    if (ids.size > MAX_PEERS) throw wrong(index, `more than ${MAX_PEERS} ids`);
  }
  return ids;
}

function wrong(index: number, why: string): SyntaxError {
  return new SyntaxError(`Cannot read line ${index + 1} of the allow list: ${why}`);
}
