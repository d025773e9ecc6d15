import { type AccessOptions, Invitations } from "../lib/access/mod.ts";
import { type Identity, loadOrCreateIdentity } from "../lib/identity/mod.ts";
import { UsageError } from "./_exit.ts";
import type { Flags } from "./_flags.ts";
import { withKeyFile } from "./_key_file.ts";
import { identityPath, invitationsPath } from "./_paths.ts";
import { readPeer } from "./_peer.ts";

/** A token has 111 letters, and the file a line's end. */
const MAX_TOKEN_FILE_BYTES = 4096;

/** Flags of a serving command that say who may connect. */
export const ACCESS_FLAGS = { boolean: ["invite-only"], string: ["allow-file"], collect: ["allow"] } as const;

/** Flags of a connecting command that say who we are. */
export const IDENTITY_FLAGS = { boolean: ["as-me"], string: ["identity", "token"] } as const;

/** Who may connect, by the flags; absent where everybody may. Invitations are to an identity that is kept. */
export async function readAccess(
  flags: Flags,
  identity: Identity,
  isKept = !flags.has("ephemeral"),
): Promise<AccessOptions | undefined> {
  const [names, allowFile] = [flags.values("allow"), flags.value("allow-file")];
  if (!names && allowFile === undefined && !flags.has("invite-only")) return undefined;
  const allow = await Promise.all((names ?? []).map((name) => readPeer(name)));
  const file = allowFile === undefined ? {} : { allowFile };
  if (isKept) {
    const path = invitationsPath(flags.value("identity") ?? identityPath());
    return { allow, ...file, invitations: new Invitations(identity, path) };
  }
  if (!flags.has("invite-only")) return { allow, ...file };
  throw new UsageError(
    "--invite-only goes with no --ephemeral",
    "Keep the identity: skip invite makes invitations to it.",
  );
}

/** What a person is told of it. */
export function describeAccess(access: AccessOptions | undefined): string {
  if (!access) return "Who may connect: anyone who knows the id.";
  const { allow = [], allowFile, invitations } = access;
  const whom = [
    ...(allow.length > 0 ? [allow.length === 1 ? "one peer" : `${allow.length} peers`] : []),
    ...(allowFile === undefined ? [] : [`the peers in ${allowFile}`]),
    ...(invitations ? ["whom you invite (skip invite)"] : []),
  ];
  return `Who may connect: ${whom.join(", and ")}.`;
}

/**
 * What is shown to the peer: nothing unless one of the flags asks for it, since an id lets whoever sees it twice know that it
 * is the same person.
 */
export async function readCredentials(flags: Flags): Promise<{ identity?: Identity; token?: string }> {
  const [file, token] = [flags.value("identity"), flags.value("token")];
  if (file === undefined && token === undefined && !flags.has("as-me")) return {};
  const shown = token === undefined ? {} : { token: await readTokenFlag(token) };
  const identity = await withKeyFile(file ?? identityPath(), loadOrCreateIdentity);
  return { identity, ...shown };
}

/** The token itself, or `@FILE`: others on this machine see what is typed. */
async function readTokenFlag(text: string): Promise<string> {
  if (!text.startsWith("@")) return text;
  const path = text.slice(1);
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_TOKEN_FILE_BYTES) throw new RangeError("it is far too large");
    return (await Deno.readTextFile(path)).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new UsageError(
      `The token cannot be read from "${path}": ${(error as Error).message}`,
      "Give --token TOKEN, or --token @FILE with a file that holds it.",
    );
  }
}
