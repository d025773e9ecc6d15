import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { generateIdentity } from "../../mod.ts";
import { UsageError } from "../../cli/_exit.ts";
import { readFlags } from "../../cli/_flags.ts";
import { Output } from "../../cli/_output.ts";
import {
  readDial,
  readNetwork,
  readPath,
  readTimeout,
  readVisit,
  VISIT_FLAGS,
} from "../../cli/_peer_flags.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const output = new Output({ json: false, quiet: true, verbose: false });

function flags(...args: string[]) {
  return readFlags("forward", args, { ...VISIT_FLAGS, positional: [0, 0] });
}

Deno.test("readNetwork() makes options of flags, and leaves out what was not given", async () => {
  const all = flags("--bootstrap", "none", "--no-stun", "--no-map");
  const { onProgress: _, ...options } = await readNetwork(all, output)();
  assertEquals(options, { portMapping: false, bootstrap: [], stun: [] });
  const none = await readNetwork(flags(), output)();
  assertEquals([none.bootstrap, none.stun, none.portMapping], [undefined, undefined, true]);
  assertEquals(none.knownNodesFile?.endsWith("nodes.json"), true);
  assertThrows(() => readNetwork(flags("--stun", "x"), output), UsageError);
});

Deno.test("readDial() shows who we are if a flag says so, and not otherwise", async () => {
  await using folder = await temporaryFolder();
  const { identity } = await readDial(flags("--identity", `${folder.path}/key.pem`), output)();
  assertEquals([identity?.id.length, (await readDial(flags(), output)()).identity], [52, undefined]);
});

Deno.test("readVisit() reads whom to reach and where, and for how long to try", async () => {
  const id = generateIdentity().id;
  const table = { ...VISIT_FLAGS, positional: [1, 1] } as const;
  const visit = await readVisit("connect", [id.toUpperCase(), "--path", "/a", "--quiet"], table);
  assertEquals([visit.id, visit.path, visit.flags.has("quiet")], [id, "/a", true]);
  const interrupt = new AbortController();
  const soon = visit.soon(interrupt.signal);
  assertEquals(soon.aborted, false);
  interrupt.abort(new Error("no more"));
  assertEquals(soon.reason.message, "no more");
  await assertRejects(() => readVisit("connect", ["nobody"], table), UsageError, "nobody");
});

Deno.test("readPath() and readTimeout() take what is right and name what is not", () => {
  assertEquals([readPath(flags()), readPath(flags("--path", "/a?b"))], ["/", "/a?b"]);
  for (const path of ["a", "//a", "/\\a"]) assertThrows(() => readPath(flags("--path", path)), UsageError);
  assertEquals([readTimeout(flags()), readTimeout(flags("--timeout", "3"))], [30, 3]);
  for (const seconds of ["0", "x", "604801"]) {
    assertThrows(() => readTimeout(flags("--timeout", seconds)), UsageError, "--timeout");
  }
});
