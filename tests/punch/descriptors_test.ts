import { assertEquals } from "@std/assert";
import { descriptorBudget } from "../../lib/punch/mod.ts";

Deno.test("descriptorBudget() leaves 128 descriptors for everything else, and is never nothing", () => {
  const budget = (limit: number) => descriptorBudget(768, (most) => Math.min(most, limit));
  assertEquals([100_000, 896, 800, 300, 0].map(budget), [768, 768, 672, 172, 16]);
  assertEquals(descriptorBudget(4, () => 0), 4);
});

Deno.test("descriptorBudget() holds under the limit of this process, whatever is permitted to read", async (t) => {
  const module = new URL("../../lib/punch/_descriptors.ts", import.meta.url).href;
  const program = `import { descriptorBudget } from "${module}"; console.log(descriptorBudget(768));`;
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
