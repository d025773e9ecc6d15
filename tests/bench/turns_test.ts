import { assertEquals, assertRejects } from "@std/assert";
import { inTurns } from "./_turns.ts";

Deno.test("inTurns() runs each item once, as many at a time as it may, and none with what another needs", async () => {
  const taken: string[] = [], done: string[] = [];
  let most = 0;
  await inTurns(["ab", "ac", "bd", "cd", "ef"], {
    jobs: 2,
    needs: (item) => [...item],
    async run(item) {
      for (const need of item) assertEquals(taken.includes(need), false, `${need} is taken`);
      taken.push(...item);
      most = Math.max(most, taken.length / 2);
      await new Promise((resolve) => setTimeout(resolve, 1));
      for (const need of item) taken.splice(taken.indexOf(need), 1);
      done.push(item);
    },
  });
  assertEquals([done.sort(), most], [["ab", "ac", "bd", "cd", "ef"], 2]);
});

Deno.test("inTurns() begins with what most others wait for, by what it costs", async () => {
  const order: string[] = [];
  const items = ["ab", "ac", "xd", "xe", "xf", "g"];
  const run = (item: string) => Promise.resolve(void order.push(item));
  await inTurns(items, { jobs: 1, needs: (item) => [...item], run });
  assertEquals(order.slice(0, 2), ["xd", "ab"]);
  order.length = 0;
  await inTurns(items, {
    ...{ jobs: 1, run },
    needs: (item) => [...item],
    cost: (item) => item === "g" ? 10 : 1,
  });
  assertEquals(order.slice(0, 2), ["g", "xd"]);
});

Deno.test("inTurns() rejects with the first error, once what is under way has ended", async () => {
  let ended = 0;
  const error = await assertRejects(() =>
    inTurns([0, 1], {
      jobs: 2,
      needs: () => [],
      async run(item) {
        if (item === 0) throw new Error("broken");
        await new Promise((resolve) => setTimeout(resolve, 1));
        ended++;
      },
    }), Error);
  assertEquals([error.message, ended], ["broken", 1]);
});
