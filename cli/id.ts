import { generateIdentity, loadIdentity, loadOrCreateIdentity, saveIdentity } from "../lib/identity/mod.ts";
import { type FlagTable, readFlags } from "./_flags.ts";
import { withKeyFile } from "./_key_file.ts";
import { Output } from "./_output.ts";
import { identityPath, invitationsPath } from "./_paths.ts";

/** The flags of `skip id`. */
export const ID_FLAGS: FlagTable = {
  boolean: ["new", "json", "quiet", "verbose"],
  string: ["identity"],
  files: ["identity"],
  positional: [0, 0],
};

/** `skip id`: prints the id, and makes the identity where there is none. */
export async function idCommand(args: string[]): Promise<number> {
  const flags = readFlags("id", args, ID_FLAGS);
  const output = Output.by(flags);
  const path = flags.value("identity") ?? identityPath();
  const { id } = await withKeyFile(path, (path) => {
    return flags.has("new") ? replaceIdentity(path, output) : loadOrCreateIdentity(path);
  });
  output.product(id);
  output.event({ type: "id", id, path });
  return 0;
}

/** The old identity is kept under another name: who knows its id may still want to reach it. */
async function replaceIdentity(path: string, output: Output) {
  const old = await loadIdentity(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (old) {
    const kept = `${path}.${old.id.slice(0, 8)}`;
    await Deno.rename(path, kept);
    await moveIfThere(invitationsPath(path), invitationsPath(kept)); // they are to the old identity
    output.say(`The identity before is kept in ${kept}`);
  }
  const identity = generateIdentity();
  await saveIdentity(path, identity);
  return identity;
}

async function moveIfThere(from: string, to: string) {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
