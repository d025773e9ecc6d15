/** What a dialled peer does after its first connection: further ones without the DHT, and again when all was lost. */
import { assertEquals, assertLess } from "@std/assert";
import { deadline } from "@std/async";
import { startServing } from "../session.ts";
import { startDht } from "./dht.ts";
import { renumber } from "./faults.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type NatType } from "./mod.ts";
import { Stayer } from "./stayer.ts";

/** What has not happened by then never will. */
const PATIENCE_MS = 45_000;
const PAIRS: readonly (readonly [NatType, NatType])[] = [
  ["port", "port"],
  ["port-rst", "port-rst"],
  ["cgnat", "port"],
  ["port", "sym-rand"],
  ["sym-seq", "port"],
];

labTest("A second connection to a peer is agreed on without the DHT", async (t) => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab);
  for (const [a, b] of PAIRS) {
    await t.step(`${a} – ${b}`, async () => {
      const [serving, connecting] = await lab.pair(a, b);
      await using server = await startServing({ bootstrap: dht.bootstrap, serving });
      await using stayer = await Stayer.start(server.id, dht.bootstrap, connecting);
      for (const type of ["second", "third"] as const) {
        const { resolved, knocks } = await stayer.next(type);
        assertEquals([resolved, knocks.filter((via) => via !== "control")], [false, []], type);
      }
      assertEquals(server.events.some((e) => e.type === "knocked" && e.via === "control"), true);
    });
  }
});

labTest("A peer whose address changes is lost, and found again at the new one", async () => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab);
  const [serving, connecting] = await lab.pair("port", "port");
  await using server = await startServing({ bootstrap: dht.bootstrap, serving });
  await using stayer = await Stayer.start(server.id, dht.bootstrap, connecting);
  const { remote } = await stayer.next("third");
  const address = "6.77.0.1";
  await renumber(lab, serving, address);
  assertLess((await deadline(stayer.next("lost"), PATIENCE_MS)).ms, 15_000);
  await stayer.next("closed"); // what nothing can come over any more does not stay open
  const again = await deadline(stayer.next("again"), PATIENCE_MS);
  assertEquals([remote.split(":")[0], again.remote.split(":")[0]], [serving.publicAddress, address]);
});
