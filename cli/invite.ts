import { type Invitation, Invitations, MAX_USES } from "../lib/access/mod.ts";
import { loadOrCreateIdentity } from "../lib/identity/mod.ts";
import { readDuration } from "./_duration.ts";
import { CommandError, Exit, UsageError } from "./_exit.ts";
import { type Flags, type FlagTable, readFlags, readNumber } from "./_flags.ts";
import { withKeyFile } from "./_key_file.ts";
import { Output } from "./_output.ts";
import { identityPath, invitationsPath, runningPath } from "./_paths.ts";
import { listRunning } from "./_running.ts";

/** The flags of `skip invite`. */
export const INVITE_FLAGS: FlagTable = {
  boolean: ["list", "json", "quiet", "verbose"],
  string: ["uses", "for", "revoke", "identity"],
  files: ["identity"],
  positional: [0, 0],
};

/** `skip invite`: makes, shows and takes back invitations to this machine's serving peer. */
export async function inviteCommand(args: string[]): Promise<number> {
  const flags = readFlags("invite", args, INVITE_FLAGS);
  const output = Output.by(flags);
  const terms = { uses: readUses(flags), lifetimeMs: readDuration("for", flags.value("for") ?? "24h") };
  checkForm(flags);
  const revoke = flags.value("revoke");
  const path = flags.value("identity") ?? identityPath();
  const identity = await withKeyFile(path, loadOrCreateIdentity);
  const invitations = new Invitations(identity, invitationsPath(path));
  if (flags.has("list")) show(await readable(invitations.list()), output);
  else if (revoke !== undefined) takeBack(revoke, await readable(invitations.revoke(revoke)), output);
  else await give(identity.id, await readable(invitations.create(terms)), terms, output);
  return 0;
}

/** It makes invitations, shows them, or takes one back. Throws `UsageError` for a flag of more than one of these. */
function checkForm(flags: Flags) {
  const given = ["list", "revoke", "uses", "for"].filter((name) =>
    flags.has(name) || flags.value(name) !== undefined
  );
  const [one, other] = given;
  if (other === undefined || one === "uses") return;
  throw new UsageError(`--${one} goes with no --${other}`, "Give one of the two.");
}

/** What comes of a file of invitations. Throws {@linkcode CommandError} where nobody can make sense of the file. */
async function readable<T>(outcome: Promise<T>): Promise<T> {
  try {
    return await outcome;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CommandError(error.message, {
      code: "invitations",
      exit: Exit.failed,
      what: "The file of invitations cannot be read",
      hint: "Restore it from a backup, or remove it: then all invitations are taken back.",
    }, { cause: error });
  }
}

function readUses(flags: Flags): number {
  const text = flags.value("uses") ?? "1";
  return text === "many" ? MAX_USES : readNumber("uses", text, 1, MAX_USES);
}

/** For the other side, the whole command; the token is in it once, for scripts as well. */
async function give(
  id: string,
  token: string,
  terms: { uses: number; lifetimeMs: number },
  output: Output,
) {
  const command = `${await wayTo(id)} --token ${token}`;
  const until = new Date(Date.now() + terms.lifetimeMs).toISOString();
  output.product(command);
  output.event({ type: "invitation", id, token, uses: terms.uses, expires: until, command });
  const whom = terms.uses === 1 ? "the first peer that uses it" : `the first ${terms.uses} peers that use it`;
  output.say(`\nLets in ${whom}, until ${until}. Take it back with skip invite --revoke TOKEN.`);
  output.say("It counts where skip serve lets in only those that it knows: skip serve --invite-only");
}

/** As the serving peer of that id itself says it, if it is running here: it knows what it serves, and in which network. */
async function wayTo(id: string): Promise<string> {
  const running = await listRunning(runningPath());
  return running.findLast((one) => one.id === id && one.reach)?.reach ?? `skip connect ${id}`;
}

function show(invitations: readonly Invitation[], output: Output) {
  if (invitations.length === 0) output.say("No invitation is open.");
  for (const { key, expires, uses, revoked, peers } of invitations) {
    const until = new Date(expires).toISOString();
    const state = revoked ? "taken back" : `until ${until}`;
    output.product([key, `${peers.length} of ${uses} used`, state, ...peers].join("  "));
    output.event({ type: "invitation", key, uses, expires: until, revoked, peers });
  }
}

function takeBack(which: string, count: number, output: Output) {
  if (count === 0 && which !== "all") {
    throw new UsageError("--revoke names no open invitation", "See skip invite --list.");
  }
  output.event({ type: "revoked", count });
  output.say(`${count} taken back; who came in by it is shown out within seconds.`);
}
