import { assertEquals, assertMatch } from "@std/assert";

/** Runs a test file that needs the lab where no tool can be found. */
async function runWithoutTools(env: Record<string, string>): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-config", "--no-lock", `${import.meta.dirname}/testdata/needs_lab.ts`],
    env: { ...env, PATH: "/nonexistent", NO_COLOR: "1", HOME: Deno.env.get("HOME") ?? "/" },
    clearEnv: true,
  }).output();
  const text = new TextDecoder();
  return { code, text: text.decode(stderr) + text.decode(stdout) };
}

Deno.test("labTest() ignores a test and says why where there can be no lab", async () => {
  const { code, text } = await runWithoutTools({});
  assertEquals(code, 0, text);
  assertMatch(text, /^skipped: something in the lab: no lab: .+$/m);
  assertMatch(text, /0 passed \| 0 failed \| 1 ignored/);
});

Deno.test("labTest() fails where there can be no lab and SKIP_LAB is required", async () => {
  const { code, text } = await runWithoutTools({ SKIP_LAB: "required" });
  assertEquals(code, 1, text);
  assertMatch(text, /Cannot run in the lab, and SKIP_LAB=required: .+/);
});
