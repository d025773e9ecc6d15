/** The scripts in the shells that they are for. */
import { assertEquals } from "@std/assert";
import { bashScript, type CompletedCommand, fishScript, zshScript } from "../../cli/_completion_scripts.ts";
import { missingProgram, testsNeeding } from "../needing.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const COMMANDS: CompletedCommand[] = [
  {
    name: "serve",
    about: "be reachable: it's here",
    words: [],
    path: true,
    flags: [
      { flag: "qr", about: "show [a] code", value: "none" },
      { flag: "port", about: "which", value: "text" },
      { flag: "identity", about: "the key file", value: "file" },
      { flag: "stun", about: "", value: "text", several: true },
    ],
  },
  { name: "help", about: "explain", words: ["serve", "config"], path: false, flags: [] },
];

function shellTest(shell: string, name: string, fn: (folder: string) => Promise<void>) {
  testsNeeding(`in ${shell}`, missingProgram(shell))(name, async () => {
    await using folder = await temporaryFolder();
    await Deno.writeTextFile(`${folder.path}/key.pem`, "");
    await fn(folder.path);
  });
}

/** Runs a script in a shell, in a folder, without anybody's own settings, and gives the lines that it prints. */
async function run(shell: string[], script: string, cwd: string): Promise<string[]> {
  const file = `${cwd}/script`;
  await Deno.writeTextFile(file, script);
  const [command = "", ...args] = [...shell, file];
  const { stdout, stderr } = await new Deno.Command(command, { args, cwd, env: { HOME: cwd } }).output();
  await Deno.remove(file);
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).trim().split("\n");
}

shellTest("bash", "bash completes commands, flags, words and files", async (folder) => {
  const table: [words: string[], completed: string[]][] = [
    [["skip", "s"], ["serve"]],
    [["skip", ""], ["serve", "help", "--version", "--help"]],
    [["skip", "serve", "--"], ["--qr", "--port", "--identity", "--stun", "--help"]],
    [["skip", "serve", "--qr", "--p"], ["--port"]],
    [["skip", "serve", "--port", ""], [""]],
    [["skip", "serve", "--identity", "ke"], ["key.pem"]],
    [["skip", "serve", "--identity", "=", "ke"], ["key.pem"]],
    [["skip", "serve", "--identity", "="], ["key.pem", "script"]],
    [["skip", "serve", "ke"], ["key.pem"]],
    [["skip", "help", "ke"], [""]],
    [["skip", "help", "c"], ["config"]],
    [["skip", "nonsense", ""], [""]],
  ];
  for (const [words, completed] of table) {
    const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length - 1}
_skip
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const lines = await run(["bash", "--norc"], `${bashScript(COMMANDS)}\n${ask}`, folder);
    assertEquals(lines.sort(), completed.sort(), words.join(" "));
  }
});

shellTest("fish", "fish completes commands, flags, words and files", async (folder) => {
  const table: [line: string, completed: string[]][] = [
    ["skip s", ["serve\tbe reachable: it's here"]],
    ["skip serve --q", ["--qr\tshow [a] code"]],
    ["skip serve --identity ke", ["key.pem"]],
    ["skip serve --port ", [""]],
    ["skip serve ke", ["key.pem"]],
    ["skip help ke", [""]],
    ["skip help c", ["config"]],
  ];
  for (const [line, completed] of table) {
    const script = `${fishScript(COMMANDS)}\ncomplete -C '${line}'`;
    assertEquals(await run(["fish", "--no-config"], script, folder), completed, line);
  }
});

shellTest("zsh", "zsh describes commands, and gives each command's flags to _arguments", async (folder) => {
  const shown = `compdef() { :; }
_describe() { print -l -- "$@" $commands; }
_arguments() { print -l -- "$@"; }`;
  const table: [words: string, current: number, shown: string[]][] = [
    ["skip s", 2, ["command", "commands", "serve:be reachable: it's here", "help:explain"]],
    ["skip serve --", 3, [
      "1:path:_files",
      "--qr[show a code]",
      "--port[which]:value: ",
      "--identity[the key file]:file:_files",
      "*--stun[]:value:", // and a space, which the end of the output loses
    ]],
    ["skip help c", 3, ["1: :(serve config)"]],
    ["skip nonsense x", 3, [""]],
  ];
  for (const [words, current, expected] of table) {
    const ask = `words=(${words}) CURRENT=${current}\n_skip`;
    assertEquals(
      await run(["zsh", "-f"], `${shown}\n${zshScript(COMMANDS)}\n${ask}`, folder),
      expected,
      words,
    );
  }
});

shellTest("zsh", "zsh completes a line that somebody types", async (folder) => {
  const [script, pty] = [`${folder}/_skip_script`, "zmodload zsh/zpty"];
  await Deno.writeTextFile(script, zshScript(COMMANDS));
  const lines = await run(
    ["zsh", "-f"],
    `${pty}
zpty shell zsh -f
zpty -w shell "PS1=; autoload -U compinit; compinit -u -D; source ${script}; print rea''dy"
zpty -r shell line '*ready*'
zpty -w -n shell $'print -r -- skip serve --iden\\t\\n'
zpty -w -n shell $'skip() { print -r -- "go""t:$*:" }\\n'
zpty -w -n shell $'skip serve --iden\\tx\\n'
zpty -r shell line '*got:*:*'
print -r -- "\${\${line##*got:}%%:*}"
zpty -d shell`,
    folder,
  );
  assertEquals(lines, ["serve --identity x"]);
});
