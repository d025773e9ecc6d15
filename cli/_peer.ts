import { parsePeerId } from "../lib/identity/mod.ts";
import { UsageError } from "./_exit.ts";
import { isName, readNames } from "./_names.ts";
import { namesPath } from "./_paths.ts";

/** The id of a peer that a user typed as an id or by its petname. Throws {@linkcode UsageError} for anything else. */
export async function readPeer(text: string, names = namesPath): Promise<string> {
  const name = text.trim().toLowerCase();
  if (isName(name)) {
    const id = (await readNames(names())).get(name);
    if (id !== undefined) return id;
    throw new UsageError(
      `There is no peer with the name "${name}"`,
      `Give its id, or name it with skip name add ${name} ID.`,
    );
  }
  try {
    return parsePeerId(text).id;
  } catch (error) {
    throw new UsageError((error as Error).message, "An id has 52 letters and digits; skip serve prints it.");
  }
}
