import { assertEquals } from "@std/assert";
import { allocationOf } from "./allocation.ts";

const flows = (...ports: number[]) => ports.map((port, i) => ({ to: i % 2 === 0 ? "a" : "b", port }));

Deno.test("allocationOf() tells sequences, addresses and scatter apart", () => {
  const cases = [
    [[7, 7, 7, 7], { perAddress: true, step: 0, spread: 0 }],
    [[7, 8, 9, 10], { perAddress: false, step: 1, spread: 3 }],
    [[10, 8, 6, 4], { perAddress: false, step: -2, spread: 6 }],
    [[7, 9, 7, 9], { perAddress: true, step: undefined, spread: 2 }],
    [[7, 40, 3, 9], { perAddress: false, step: undefined, spread: 37 }],
  ] as const;
  for (const [ports, expected] of cases) assertEquals(allocationOf(flows(...ports)), { ports, ...expected });
});
