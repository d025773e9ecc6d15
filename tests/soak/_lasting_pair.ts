/**
 * A serving peer and a `skip forward` that live as long as the run: asked all the time, and disturbed now and then.
 *
 * @module
 */
import { deadline, delay } from "@std/async";
import { usage } from "../bench/_process.ts";
import { type FaultStage, World } from "../bench/_fault_world.ts";
import { forgetConnections, rebind, unplug } from "../lab/faults.ts";
import { limitDescriptors } from "../process_faults.ts";
import type { SoakLog } from "./_log.ts";
import type { Dice } from "./_random.ts";

const QUESTION_INTERVAL_MS = 2000;
/** One that takes longer counts as not answered. */
const ANSWER_MS = 15_000;
/** Between two faults. */
const QUIET_MS: readonly [least: number, most: number] = [30_000, 90_000];
/** Within which it has to work again. */
const RECOVERY_MS = 60_000;
const FAULT_MS: readonly [least: number, most: number] = [1000, 10_000];
/** Ports of a NAT between two changes, all below those from which anybody sends: none is ever kept by chance. */
const PORTS = 4000;

type Disturb = (world: World, dice: Dice) => Promise<void>;

const unplugAWhile = (side: "serving" | "connecting"): Disturb => async (world, dice) => {
  const plugIn = await unplug(world[side]);
  await delay(dice.between(...FAULT_MS));
  await plugIn();
};

const suspend = (side: "server" | "forward"): Disturb => async (world, dice) => {
  world[side].kill("SIGSTOP");
  await delay(dice.between(...FAULT_MS));
  world[side].kill("SIGCONT");
};

const exhaust = (side: "server" | "forward"): Disturb => async (world, dice) => {
  const giveBack = await limitDescriptors(world[side].pid, dice.between(0, 2));
  await world.ask(dice.between(...FAULT_MS));
  await giveBack();
};

const remap = (side: "serving" | "connecting"): Disturb => (world, dice) => {
  const first = 10_000 + PORTS * dice.between(0, 4);
  return rebind(world[side], { first, last: first + PORTS - 1 });
};

const FAULTS: Readonly<Record<string, Disturb>> = {
  "interface of the serving machine down": unplugAWhile("serving"),
  "interface of the connecting machine down": unplugAWhile("connecting"),
  "`serve` suspended": suspend("server"),
  "`forward` suspended": suspend("forward"),
  "`serve` without descriptors": exhaust("server"),
  "`forward` without descriptors": exhaust("forward"),
  "NAT of the serving side has other ports": remap("serving"),
  "NAT of the connecting side has other ports": remap("connecting"),
  "both NATs forget": async ({ serving, connecting }) =>
    void await Promise.all([serving, connecting].map(forgetConnections)),
};

/** Asks and disturbs until it is over. */
export async function runLastingPair(
  stage: FaultStage,
  { log, dice, signal }: { log: SoakLog; dice: Dice; signal: AbortSignal },
): Promise<void> {
  await using world = await World.create(stage);
  await world.serve();
  await world.startForward();
  const sampling = sampleBoth(world, log, signal);
  while (!signal.aborted) {
    await askFor(dice.between(...QUIET_MS), world, log, signal);
    if (signal.aborted) break;
    const name = dice.of(Object.keys(FAULTS));
    await FAULTS[name]!(world, dice);
    await recover(name, world, log);
  }
  await sampling;
}

async function askFor(ms: number, world: World, log: SoakLog, signal: AbortSignal): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end && !signal.aborted;) {
    log.questions.attempted++;
    const answer = await world.ask(ANSWER_MS);
    if (typeof answer === "number") log.questions.succeeded++;
    else log.unexplained.push(log.incident("a question through `forward`", answer, lastWords(world)));
    await delay(QUESTION_INTERVAL_MS, { signal }).catch(() => {});
  }
}

async function recover(name: string, world: World, log: SoakLog): Promise<void> {
  try {
    log.recovered(name, await deadline(world.untilAnswered(), RECOVERY_MS));
  } catch (error) {
    log.unexplained.push(
      log.incident(`the pair that lasts, after: ${name}`, String(error), lastWords(world)),
    );
    await world.untilAnswered().catch(() => {}); // what is asked next is another matter
  }
}

function lastWords({ server, forward }: World): unknown {
  return { server: server.events.slice(-15), forward: forward.events.slice(-15) };
}

const SAMPLE_INTERVAL_MS = 10_000;

async function sampleBoth(world: World, log: SoakLog, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const [name, { pid }] of [["serve", world.server], ["forward", world.forward]] as const) {
      log.sample(name, await usage(pid), await countDescriptors(pid));
    }
    await delay(SAMPLE_INTERVAL_MS, { signal }).catch(() => {});
  }
}

async function countDescriptors(pid: number): Promise<number> {
  let count = 0;
  for await (const _ of Deno.readDir(`/proc/${pid}/fd`)) count++;
  return count;
}
