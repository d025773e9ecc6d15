/** The faults of FAULTS.md, shortly: each must show what it promises, and things must work again in time. */
import { assertEquals } from "@std/assert";
import { complaint } from "../bench/_fault_report.ts";
import { FaultStage, World } from "../bench/_fault_world.ts";
import { allFaults, type Fault } from "../bench/_faults.ts";
import { inTurns } from "../bench/_turns.ts";
import { labTest } from "./lab_test_helper.ts";

/** Most wait for seconds, so that many more are under way than there are processors. */
const JOBS = 8;
/** Other tests run at the same time. */
const PATIENCE = 4;
/**
 * Those that others test: `faults_test.ts` here, `serve_faults_test.ts` and `forward_faults_test.ts` of the command, in
 * simulated time `outage_test.ts` of discovery; and what is much the same as another one.
 */
const ELSEWHERE = [
  "kill-serve-early",
  "kill-serve-punch",
  "kill-connect-early",
  "kill-connect-punch",
  "kill-connect-data",
  "descriptors-serve",
  "descriptors-forward",
  "disk-read-only",
  "clock-serve-back",
  "clock-connect-back",
  "unplug-connecting",
];

/** Gives what does not hold, in words. */
async function tryBriefly(fault: Fault, stage: FaultStage): Promise<string | undefined> {
  try {
    await using world = await World.create(stage);
    return complaint(fault, await fault.run(world, fault.triedMs ?? 0), PATIENCE);
  } catch (error) {
    return `${fault.name}: ${error}`;
  }
}

labTest("Whatever goes wrong with processes and networks, it works again in time", async (t) => {
  await using stage = await FaultStage.open();
  const came = new Map<Fault, string | undefined>();
  const run = async (fault: Fault) => void came.set(fault, await tryBriefly(fault, stage));
  const faults = allFaults().filter(({ name }) => !ELSEWHERE.includes(name))
    .toSorted((a, b) => (b.triedMs ?? 0) - (a.triedMs ?? 0)); // whoever waits longest comes first
  const needs = () => [];
  await inTurns(faults.filter(({ isGlobal }) => !isGlobal), { jobs: JOBS, needs, run });
  await inTurns(faults.filter(({ isGlobal }) => isGlobal), { jobs: 1, needs, run });
  for (const [fault, wrong] of came) await t.step(fault.what, () => assertEquals(wrong, undefined));
});
