import { assertEquals, assertMatch } from "@std/assert";
import { ROOT, runFlags } from "../../tools/run_flags.ts";

async function lab(...args: string[]): Promise<{ code: number; stderr: string }> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...await runFlags(), "tests/lab/main.ts", ...args],
    cwd: ROOT,
    stdin: "null",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("deno task lab explains itself", async () => {
  for (const args of [[], ["help"], ["--help"], ["-h"]]) {
    const { code, stderr } = await lab(...args);
    assertEquals([code, stderr.includes("Usage: deno task lab A B")], [0, true], args.join());
  }
});

Deno.test("deno task lab refuses what makes no lab, before it makes one", async () => {
  const table: [args: string[], why: RegExp][] = [
    [["port"], /name two known networks, current value is "port"/],
    [["port", "nonsense"], /name two known networks/],
    [["port", "port", "port"], /current value is "port port port"/],
    [["port", "port", "--los", "0.1"], /there is no "--los"/],
    [["port", "port", "--loss", "2"], /--loss must be a number from 0 to 1, current value is "2"/],
    [["port", "port", "--rtt", "x"], /--rtt must be a number/],
  ];
  await Promise.all(table.map(async ([args, why]) => {
    const { code, stderr } = await lab(...args);
    assertEquals(code, 2, args.join(" "));
    assertMatch(stderr, why);
    assertMatch(stderr, /Try: deno task lab --help/);
  }));
});
