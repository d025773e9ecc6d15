/** Every fault of FAULTS.md, shortly: it must show what it promises, and things must work again. */
import { assertEquals } from "@std/assert";
import { complaint } from "../bench/_fault_report.ts";
import { FaultStage, World } from "../bench/_fault_world.ts";
import { allFaults, type Fault } from "../bench/_faults.ts";
import { inTurns } from "../bench/_turns.ts";
import { labTest } from "./lab_test_helper.ts";

/** Some wait for seconds, so that more are under way than there are processors. */
const JOBS = 6;

/** Gives what does not hold, in words. */
async function tryBriefly(fault: Fault, stage: FaultStage): Promise<string | undefined> {
  try {
    await using world = await World.create(stage);
    return complaint(fault, await fault.run(world, fault.triedMs ?? 0));
  } catch (error) {
    return `${fault.name}: ${error}`;
  }
}

labTest("Whatever goes wrong with processes and networks, it works again in time", async (t) => {
  await using stage = await FaultStage.open();
  const came = new Map<Fault, string | undefined>();
  const run = async (fault: Fault) => void came.set(fault, await tryBriefly(fault, stage));
  // Whoever waits longest comes first.
  const faults = allFaults().toSorted((a, b) => (b.triedMs ?? 0) - (a.triedMs ?? 0));
  await inTurns(faults.filter(({ isGlobal }) => !isGlobal), { jobs: JOBS, needs: () => [], run });
  // The whole DHT comes last.
  for (const fault of faults.filter(({ isGlobal }) => isGlobal).toReversed()) await run(fault);
  for (const [fault, wrong] of came) await t.step(fault.what, () => assertEquals(wrong, undefined));
});
