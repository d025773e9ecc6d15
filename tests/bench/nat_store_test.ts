import { assertEquals } from "@std/assert";
import { cellName, type Measured, USUAL } from "./_nat_cells.ts";
import { NatStore } from "./_nat_store.ts";

const CELL: Measured = {
  ...{ serving: "port", connecting: "addr", conditions: USUAL },
  runs: [{ outcome: "connected", overMs: 300, punchMs: 80 }],
};

Deno.test("NatStore goes on with what was measured with the same version, and forgets that of another", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = new URL(`file://${folder}/matrix.json`);
    const known = async (version: string, options = {}) =>
      (await NatStore.open(file, version, options)).get(cellName(CELL));
    assertEquals(await known("one"), undefined);
    await (await NatStore.open(file, "one")).add(CELL);
    assertEquals(await known("one"), CELL);
    assertEquals([await known("two"), await known("one", { fresh: true })], [undefined, undefined]);
    await Deno.writeTextFile(file, '{"version":"one","cel'); // stopped while it wrote
    assertEquals(await known("one"), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
