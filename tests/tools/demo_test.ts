import { assertEquals, assertMatch } from "@std/assert";
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { labTest } from "../lab/lab_test_helper.ts";

/** What the demo prints; it must end well. */
async function demo(env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", ...await runFlags(), "tools/demo.ts"],
    cwd: ROOT,
    env,
    stdin: "null",
  }).output();
  const [text = "", complaint] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals({ code, complaint }, { code: 0, complaint: "" });
  return text;
}

const ARRIVED =
  /^The serving peer:\n(?: {2}.+\n)+.*\nThe connecting peer:\n(?: {2}.+\n)+[^]*^3 messages each way, all arrived\.$/m;

Deno.test("the demo connects two peers on loopback where there is no laboratory, and shows the stages of both", async () => {
  const text = await demo({ PATH: ROOT.pathname }); // no program that the laboratory needs is there
  assertMatch(text, /^Two peers on loopback/);
  assertMatch(text, ARRIVED);
});

labTest("the demo connects two peers behind NATs of their own, and shows the stages of both", async () => {
  const text = await demo({});
  assertMatch(text, /^Two peers, each behind a port-restricted NAT of its own/);
  assertMatch(text, ARRIVED);
});
