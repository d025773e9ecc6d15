import { assert, assertEquals, assertThrows } from "@std/assert";
import { COMMANDS } from "../../cli/_commands.ts";
import { readFlags } from "../../cli/_flags.ts";
import { denoFlags, ROOT } from "../../tools/run_flags.ts";

/** The parts of `deno info --json` that say what a module imports. */
interface Graph {
  modules: { specifier: string; dependencies?: { isDynamic?: boolean; code?: { specifier: string } }[] }[];
}

async function graphOf(path: string): Promise<Graph> {
  const { flags } = await denoFlags();
  const args = ["info", "--json", ...flags, new URL(path, ROOT).href];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stdin: "null", stderr: "inherit" })
    .output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** What is loaded with a module before anything runs. */
function loadedWith(path: string, { modules }: Graph): string[] {
  const loaded = new Set([new URL(path, ROOT).href]);
  for (const specifier of loaded) { // it grows meanwhile
    const { dependencies = [] } = modules.find((one) => one.specifier === specifier) ?? {};
    const now = dependencies.filter(({ isDynamic, code }) => !isDynamic && code !== undefined);
    for (const { code } of now) loaded.add(code!.specifier);
  }
  return [...loaded];
}

Deno.test("each command reads its flags by the table that completions are made from", async () => {
  for (const [name, load] of Object.entries(COMMANDS)) {
    const { run, flags } = await load();
    const call = `("${name}", args, ${name.toUpperCase()}_FLAGS)`;
    const calls = [`readFlags${call}`, `readVisit${call}`]; // the latter calls the former
    assert(calls.some((one) => run.toString().includes(one)), `skip ${name} does not ${calls[0]}`);
    assertThrows(() => readFlags(name, ["--no-such-flag"], flags));
  }
});

Deno.test("paths and rivals are flags of their own table", async () => {
  for (const load of Object.values(COMMANDS)) {
    const { flags: { boolean = [], string = [], collect = [], files = [], rivals = [] } } = await load();
    const all = [...boolean, ...string, ...collect];
    assertEquals(files.filter((flag) => !string.includes(flag) && !collect.includes(flag)), []);
    assertEquals(rivals.flat().filter((flag) => !all.includes(flag)), []);
    assertEquals(new Set(all).size, all.length);
  }
});

Deno.test("skip --version, help, id, name and status load nothing of the network", async () => {
  const graph = await graphOf("cli/main.ts");
  const network = (path: string) =>
    loadedWith(path, graph).filter((url) => /\/lib\/(?!(identity\/)?\w+\.ts$)|bittorrent-dht|asn1/.test(url));
  for (const name of ["main", "help", "id", "name", "status"]) {
    assertEquals(network(`cli/${name}.ts`), [], name);
  }
  assert(network("cli/dht.ts").some((url) => url.includes("/lib/discovery/")));
});
