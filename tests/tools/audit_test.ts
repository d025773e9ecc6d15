/** What `deno task check:audit` makes of a registry's answer, with a registry of the test's own. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { committedPackages } from "../../tools/packages.ts";
import { ROOT } from "../../tools/run_flags.ts";

const ADVISORY = {
  ...{ id: 1, title: "ms counts wrongly", severity: "high", url: "https://example.org/advisories/1" },
  ...{ vulnerable_versions: "<=2.1.3", cwe: [], cvss: { score: 7, vectorString: null } },
};

/** The words of the task; `deno task` itself would ask the registry for packages. */
async function command(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const [deno, ...words] = tasks["check:audit"].command.split(" ");
  assertEquals(deno, "deno");
  return words;
}

/** Runs the task against a registry that gives this answer, and tells what it was asked. */
async function audit(answer: () => Response) {
  const asked: Record<string, string[]>[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    asked.push(await request.json());
    return answer();
  });
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: await command(),
    cwd: ROOT,
    env: { NPM_CONFIG_REGISTRY: `http://127.0.0.1:${server.addr.port}/`, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  await server.shutdown();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr), asked };
}

Deno.test("deno task check:audit asks for every package of npm that we use", async () => {
  const { code, text, asked } = await audit(() => Response.json({}));
  assertEquals([code, asked.length], [0, 1]);
  assertStringIncludes(text, "No known vulnerabilities");
  for (const { registry, name, version } of await committedPackages()) {
    if (registry === "npm") assert(asked[0]![name]?.includes(version), `${name}@${version}`);
  }
});

Deno.test("deno task check:audit fails for what is known of a package", async () => {
  const { code, text } = await audit(() => Response.json({ ms: [ADVISORY] }));
  assertEquals(code, 1);
  assertStringIncludes(text, "ms counts wrongly");
});

Deno.test("deno task check:audit takes a registry that fails for no finding, and says so", async () => {
  const { code, text } = await audit(() => new Response("out of order", { status: 503 }));
  assertEquals(code, 0);
  assertStringIncludes(text, "Failed to get data from the registry");
});
