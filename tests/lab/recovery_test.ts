/** The faults of FAULTS.md, shortly: each must show what it promises, and things must work again in time. */
import { assertEquals } from "@std/assert";
import { complaint } from "../bench/_fault_report.ts";
import { FaultStage, World } from "../bench/_fault_world.ts";
import { allFaults, type Fault } from "../bench/_faults.ts";
import { inTurns } from "../bench/_turns.ts";
import { labTest } from "./lab_test_helper.ts";

/** Most wait for seconds, so that many more are under way than there are processors. */
const JOBS = 8;
/** Those that others test: `faults_test.ts` here, and `serve_faults_test.ts` of the command. */
const ELSEWHERE = [
  "kill-serve-early",
  "kill-serve-punch",
  "kill-connect-early",
  "kill-connect-punch",
  "kill-connect-data",
];

/** Gives what does not hold, in words. */
async function tryBriefly(fault: Fault, stage: FaultStage): Promise<string | undefined> {
  try {
    await using world = await World.create(stage);
    return complaint(fault, await fault.run(world, fault.triedMs ?? 0));
  } catch (error) {
    return `${fault.name}: ${error}`;
  }
}

/** So many at once, in a lab of their own. */
async function tryAll(faults: readonly Fault[], jobs: number): Promise<Map<Fault, string | undefined>> {
  await using stage = await FaultStage.open();
  const came = new Map<Fault, string | undefined>();
  await inTurns(faults, {
    jobs,
    needs: () => [],
    run: async (fault) => void came.set(fault, await tryBriefly(fault, stage)),
  });
  return came;
}

labTest("Whatever goes wrong with processes and networks, it works again in time", async (t) => {
  const faults = allFaults().filter(({ name }) => !ELSEWHERE.includes(name))
    .toSorted((a, b) => (b.triedMs ?? 0) - (a.triedMs ?? 0)); // whoever waits longest comes first
  const [local, global] = await Promise.all([
    tryAll(faults.filter(({ isGlobal }) => !isGlobal), JOBS),
    tryAll(faults.filter(({ isGlobal }) => isGlobal), 1),
  ]);
  for (const [fault, wrong] of [...local, ...global]) {
    await t.step(fault.what, () => assertEquals(wrong, undefined));
  }
});
