import { assertMatch } from "@std/assert";
import { ROOT } from "../../tools/run_flags.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { checkoutPackage, serveJsr, stdPackages } from "../jsr_registry.ts";
import { ExampleNetwork, permissions } from "./_example.ts";

Deno.test("examples/jsr.ts: a lone file runs with what it imports from JSR", async () => {
  const own = await checkoutPackage();
  const alone = await Deno.readTextFile(new URL("alone.ts", import.meta.url));
  own.files.set("/alone.ts", alone.replaceAll("../../mod.ts", "./mod.ts"));
  await using registry = await serveJsr([{ ...own, exports: { ".": "./alone.ts" } }, ...await stdPackages()]);
  await using network = await ExampleNetwork.create();
  await using folder = await temporaryFolder();
  await Deno.copyFile(new URL("examples/jsr.ts", ROOT), `${folder.path}/jsr.ts`);
  const flags = await permissions("jsr.ts");
  const options = { env: registry.env, cwd: folder.path };

  await using server = network.run([...flags, "jsr.ts"], options);
  const id = await server.id();
  await using client = network.run([...flags, "jsr.ts", id], options);
  assertMatch((await client.end()).stdout, /^It is \d{4}-\d\d-\d\dT.+Z here\.\n$/);
});
