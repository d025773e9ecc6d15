import { assertEquals, assertMatch } from "@std/assert";

/** Runs a test file that needs libtorrent where no Python can start. */
async function runWithoutPython(env: Record<string, string>): Promise<{ code: number; text: string }> {
  const file = `${import.meta.dirname}/testdata/needs_libtorrent.ts`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-config", "--no-lock", "--no-check", file],
    env: { ...env, PYTHONHOME: "/nonexistent", NO_COLOR: "1", HOME: Deno.env.get("HOME") ?? "/" },
    clearEnv: true,
  }).output();
  const text = new TextDecoder();
  return { code, text: text.decode(stderr) + text.decode(stdout) };
}

Deno.test("libtorrentTest() ignores a test and says why where there is no libtorrent", async () => {
  const { code, text } = await runWithoutPython({});
  assertEquals(code, 0, text);
  assertMatch(text, /^skipped: something with libtorrent: no Python here .+$/m);
  assertMatch(text, /0 passed \| 0 failed \| 1 ignored/);
});

Deno.test("libtorrentTest() fails where there is no libtorrent and SKIP_LAB is required", async () => {
  const { code, text } = await runWithoutPython({ SKIP_LAB: "required" });
  assertEquals(code, 1, text);
  assertMatch(text, /Cannot run with libtorrent, and SKIP_LAB=required: .+/);
});
