import { UsageError } from "./_exit.ts";
import { type Flags, type FlagTable, readFlags } from "./_flags.ts";
import { addName, readName, readNames, removeName } from "./_names.ts";
import { Output } from "./_output.ts";
import { namesPath } from "./_paths.ts";
import { readPeer } from "./_peer.ts";

/** What each action does with the names in a file, and how many arguments it takes. */
const ACTIONS: Readonly<Record<string, readonly [count: number, run: Action]>> = {
  add: [2, add],
  remove: [1, remove],
  list: [0, list],
};

type Action = (path: string, output: Output, args: readonly string[]) => Promise<void>;

/** The flags of `skip name`. */
export const NAME_FLAGS: FlagTable = {
  boolean: ["json", "quiet", "verbose"],
  words: Object.keys(ACTIONS),
  positional: [1, 3],
};

/** `skip name`: what this user calls peers. */
export async function nameCommand(args: string[]): Promise<number> {
  const flags = readFlags("name", args, NAME_FLAGS);
  const output = Output.by(flags);
  await actionOf(flags)(namesPath(), output, flags.positional.slice(1));
  return 0;
}

function actionOf({ positional: [word = "", ...rest] }: Flags): Action {
  const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
  if (action?.[0] === rest.length) return action[1];
  throw new UsageError(
    action
      ? `skip name ${word} takes ${action[0]} arguments, not ${rest.length}`
      : `skip name cannot "${word}"`,
    "Give add NAME ID, remove NAME, or list.",
  );
}

async function add(path: string, output: Output, [text = "", peer = ""]: readonly string[]) {
  const name = readName(text);
  const id = await readPeer(peer);
  await addName(path, name, id);
  output.event({ type: "name", name, id });
  output.say(`${name} is ${id} wherever a command wants an ID: skip connect ${name}`);
}

async function remove(path: string, output: Output, [text = ""]: readonly string[]) {
  const name = readName(text);
  const id = await removeName(path, name);
  if (id === undefined) throw new UsageError(`There is no name "${name}"`, "See skip name list.");
  output.event({ type: "name", name });
  output.say(`${name} was ${id}`);
}

async function list(path: string, output: Output) {
  const names = await readNames(path);
  if (names.size === 0) output.say("No peer has a name here. Try: skip name add NAME ID");
  for (const [name, id] of names) {
    output.product(`${name} ${id}`);
    output.event({ type: "name", name, id });
  }
}
