/**
 * Results of the matrix on disk, so that a run that was stopped goes on where it was.
 *
 * @module
 */
import { replaceFile } from "../../tools/registry.ts";
import { cellName, type Measured } from "./_nat_cells.ts";

interface Content {
  readonly version: string;
  readonly cells: readonly Measured[];
}

/** Cells that were measured with one version of the code. */
export class NatStore {
  readonly #file: URL;
  readonly #version: string;
  readonly #cells: Map<string, Measured>;

  private constructor(file: URL, version: string, cells: readonly Measured[]) {
    this.#file = file;
    this.#version = version;
    this.#cells = new Map(cells.map((cell) => [cellName(cell), cell]));
  }

  /** Reads what was measured with `version`; nothing where there is none, or with `fresh`. */
  static async open(
    file: URL,
    version: string,
    { fresh = false }: { fresh?: boolean } = {},
  ): Promise<NatStore> {
    const content = fresh ? undefined : await read(file);
    return new NatStore(file, version, content?.version === version ? content.cells : []);
  }

  /** Everything that was measured. */
  get cells(): readonly Measured[] {
    return [...this.#cells.values()];
  }

  /** What is known of the cell of that name. */
  get(name: string): Measured | undefined {
    return this.#cells.get(name);
  }

  /** Keeps a cell. */
  async add(cell: Measured): Promise<void> {
    this.#cells.set(cellName(cell), cell);
    const content: Content = { version: this.#version, cells: this.cells };
    await replaceFile(this.#file, JSON.stringify(content));
  }
}

async function read(file: URL): Promise<Content | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What decides about the results: the last commit of it, and a digest of what is not committed. */
const MEASURED = ["lib", "cli", "tests/lab", "tests/bench/_nat_stage.ts", "deno.json"];

/** The version of the code in this checkout. */
export async function codeVersion(root: URL): Promise<string> {
  const commit = await git(root, "log", "-1", "--format=%h", "--", ...MEASURED);
  const changes = await git(root, "diff", "HEAD", "--", ...MEASURED);
  if (changes === "") return commit.trim();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(changes));
  return `${commit.trim()}+${new Uint8Array(digest).toHex().slice(0, 8)}`;
}

async function git(root: URL, ...args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command("git", { args, cwd: root, stderr: "inherit" }).output();
  if (!success) throw new Error(`Cannot tell the version of the code: git ${args[0]} failed`);
  return new TextDecoder().decode(stdout);
}
