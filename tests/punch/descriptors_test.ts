import { assertEquals } from "@std/assert";
import { descriptorBudget, roomFor } from "../../lib/punch/mod.ts";

Deno.test("descriptorBudget() leaves 128 descriptors for everything else, and is never nothing", () => {
  const budget = (limit: number) => descriptorBudget(768, (most) => Math.min(most, limit));
  assertEquals([100_000, 896, 800, 300, 0].map(budget), [768, 768, 672, 172, 16]);
  assertEquals(descriptorBudget(4, () => 0), 4);
});

Deno.test("roomFor() leaves 128 descriptors for everything else, and looks only when there are more than ever", () => {
  let left = 128 + 2 * 70, looks = 0, now = 0;
  const free = (most: number) => (looks++, Math.min(most, left));
  const fits = roomFor(2, { free, now: () => now });
  assertEquals([fits(1), fits(64), looks], [true, true, 1]);
  left -= 2 * 64;
  assertEquals([fits(65), fits(70), looks], [true, true, 2]);
  left = 128;
  assertEquals([fits(71), fits(71), fits(70), looks], [false, false, true, 2]);
  now += 1000;
  assertEquals([fits(71), fits(71), looks], [false, false, 3]);
  left = 100_000;
  now += 1000;
  assertEquals([fits(71), fits(134), looks], [true, true, 4]);
});

Deno.test("roomFor() has room for some where nearly no descriptors are left", () => {
  const fits = roomFor(1, { free: () => 3, now: () => 0 });
  assertEquals([fits(1), fits(16), fits(17)], [true, true, false]);
});

Deno.test("descriptorBudget() holds under the limit of this process, whatever is permitted to read", async (t) => {
  const module = new URL("../../lib/punch/_descriptors.ts", import.meta.url).href;
  const program = `import { descriptorBudget, roomFor } from "${module}"; console.log(descriptorBudget(768));`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    for (const [limit, least, most] of [[320, 100, 192], [800, 500, 672], [4096, 768, 768]] as const) {
      await t.step({
        name: `${limit} descriptors`,
        ignore: Deno.build.os === "windows", // there a process has no such limit
        fn: async () => {
          const { stdout } = await new Deno.Command("sh", {
            args: [
              "-c",
              `ulimit -n ${limit} && exec "$@"`,
              "sh",
              Deno.execPath(),
              "run",
              "--allow-net",
              file,
            ],
          }).output();
          const budget = Number(new TextDecoder().decode(stdout));
          assertEquals([budget >= least, budget <= most], [true, true], `${budget}`);
        },
      });
    }
  } finally {
    await Deno.remove(file);
  }
});
