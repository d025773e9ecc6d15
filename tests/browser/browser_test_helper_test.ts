import { assertEquals, assertMatch } from "@std/assert";
import { denoFlags } from "../../tools/run_flags.ts";

/** Runs a test file that needs Chromium where no program can be found. */
async function runWithoutPath(env: Record<string, string>): Promise<{ code: number; text: string }> {
  const file = `${import.meta.dirname}/testdata/needs_chromium.ts`;
  const { flags } = await denoFlags();
  const { HOME = "/", DENO_DIR } = Deno.env.toObject(); // where the packages are that deno.json names
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", ...flags, file],
    env: { ...env, PATH: "/nonexistent", NO_COLOR: "1", HOME, ...(DENO_DIR ? { DENO_DIR } : {}) },
    clearEnv: true,
  }).output();
  const text = new TextDecoder();
  return { code, text: text.decode(stderr) + text.decode(stdout) };
}

Deno.test("browserTest() ignores a test and says why where there is no browser", async () => {
  const { code, text } = await runWithoutPath({});
  assertEquals(code, 0, text);
  assertMatch(text, /^skipped: something in a browser: no Chromium .+$/m);
});

Deno.test("browserTest() fails where there is no browser and SKIP_LAB is required", async () => {
  const { code, text } = await runWithoutPath({ SKIP_LAB: "required" });
  assertEquals(code, 1, text);
  assertMatch(text, /Cannot run in a browser, and SKIP_LAB=required: .+/);
});
