/**
 * A serving peer and a `skip forward` that live as long as the run: asked all the time, and disturbed now and then.
 *
 * @module
 */
import { delay } from "@std/async";
import { usage } from "../bench/_process.ts";
import { type FaultStage, World } from "../bench/_fault_world.ts";
import type { SkipProcess } from "../skip_process.ts";
import { forgetConnections, rebind, unplug } from "../lab/faults.ts";
import { limitDescriptors } from "../process_faults.ts";
import type { SoakLog } from "./_log.ts";
import type { Dice } from "./_random.ts";
import { Troubles } from "./_troubles.ts";
import type { Weather } from "./_weather.ts";

const QUESTION_INTERVAL_MS = 2000;
/** One that takes longer counts as not answered. */
const ANSWER_MS = 15_000;
/** Between two faults. */
const QUIET_MS: readonly [least: number, most: number] = [30_000, 90_000];
/** Within which it has to work again. */
const RECOVERY_MS = 60_000;
/**
 * A fault that is over is still felt so long: a peer that is not heard is missed after 4 s, by the next ping, and found again
 * over new ports.
 */
const FELT_MS = 10_000;
/** What is missed was so before: silence takes so long to notice. */
const UNNOTICED_MS = 6000;
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
  try {
    await world.ask(dice.between(...FAULT_MS));
  } finally {
    await giveBack();
  }
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

/** What the pair goes through, and where that is kept. */
export interface LastingOptions {
  readonly log: SoakLog;
  readonly dice: Dice;
  readonly weather: Weather;
  readonly signal: AbortSignal;
}

/** Asks and disturbs until it is over. */
export async function runLastingPair(stage: FaultStage, options: LastingOptions): Promise<void> {
  const { log, dice, signal } = options;
  await using world = await World.create(stage);
  await world.serve();
  await world.startForward();
  const sampling = sampleBoth(world, log, signal).catch((error) =>
    log.fail({ what: "what the pair that lasts uses", came: String(error), since: 0, said: lastWords(world) })
  );
  const around = { ...options, world, own: new Troubles() };
  while (!signal.aborted) {
    await askFor(dice.between(...QUIET_MS), around);
    if (signal.aborted) break;
    await disturb(dice.of(Object.keys(FAULTS)), around);
  }
  await sampling;
}

interface Around extends LastingOptions {
  readonly world: World;
  /** What was done to this pair. */
  readonly own: Troubles;
}

async function askFor(ms: number, around: Around): Promise<void> {
  const { log, signal, weather, world } = around;
  for (const end = performance.now() + ms; performance.now() < end && !signal.aborted;) {
    const since = performance.now();
    const answer = await world.ask(ANSWER_MS);
    const explained = whatWasWrong(since, around);
    log.question(explained, typeof answer === "number");
    if (typeof answer === "string") {
      const what = ["a question through `forward`", ...weather.mild.since(since)].join(", ");
      log.fail({ what, came: answer, since, explained, said: lastWords(world) });
    }
    await delay(QUESTION_INTERVAL_MS, { signal }).catch(() => {});
  }
}

/** Since then; also what `forward` has lost its peer for, and has not found it again, as long as it may take it. */
function whatWasWrong(since: number, { own, weather, world }: Around): string[] {
  const lostAt = missedSince(world.forward, since);
  const causes = lostAt === undefined ? [] : [own, weather.rough].flatMap((some) => [
    ...some.at(lostAt, RECOVERY_MS),
    ...some.at(lostAt - UNNOTICED_MS, RECOVERY_MS),
  ]);
  return [...new Set([...own.since(since), ...weather.rough.since(since), ...causes])];
}

/** When it said that it no longer hears its peer, if it had not found it again by `since`. */
function missedSince(forward: SkipProcess, since: number): number | undefined {
  const lost = forward.events.findLast(({ type }) => type === "lost");
  if (!lost) return undefined;
  const restored = forward.events.findLast(({ type }) => type === "restored");
  const [lostAt, restoredAt] = [forward.arrival(lost), restored ? forward.arrival(restored) : -Infinity];
  return restoredAt < lostAt || restoredAt > since ? lostAt : undefined;
}

async function disturb(name: string, around: Around): Promise<void> {
  const { dice, own, world } = around;
  const end = own.begin(name);
  await FAULTS[name]!(world, dice);
  end(FELT_MS);
  await recover(name, around);
}

/** Asks until it works again, however long that takes: what is asked next is another matter. */
async function recover(name: string, { log, weather, world }: Around): Promise<void> {
  const since = performance.now();
  const failure = { what: `the pair that lasts, after: ${name}`, since };
  try {
    const ms = await world.untilAnswered();
    log.recovered(name, ms);
    if (ms <= RECOVERY_MS) return;
    const came = `answered after ${Math.round(ms / 1000)} s`;
    log.fail({ ...failure, came, explained: weather.rough.since(since), said: lastWords(world) });
  } catch (error) {
    log.fail({ ...failure, came: String(error) });
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
