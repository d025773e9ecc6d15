/**
 * What may go wrong with processes and their machine.
 *
 * @module
 */
import { delay } from "@std/async";
import { addAddress } from "../lab/faults.ts";
import { limitDescriptors, SmallDisk, withClock } from "../process_faults.ts";
import type { SkipProcess } from "../skip_process.ts";
import { noticed, ofConnect } from "./_fault_words.ts";
import type { World } from "./_fault_world.ts";
import type { Fault, Recovery } from "./_faults.ts";

/** `skip serve` is found 2 s after its start; a peer that was lost is looked for again within twice as much. */
const RESTARTED_MS = 20_000;
/** A plain connect, on a machine that has other things to do. */
const CONNECTED_MS = 15_000;

async function killBeforeReady(world: World): Promise<Recovery> {
  const { id } = await world.serveChat(); // so that there is an id
  await world.chat.stop();
  const killed = await world.startChat();
  await killed.event("online");
  await killNow(killed);
  const seen = ofConnect(await world.connect());
  const start = performance.now();
  await world.serveChat();
  if (world.chat.id !== id) throw new Error("it has another id");
  await world.untilConnects();
  return { seen, worksAfterMs: performance.now() - start };
}

async function killAtKnock(world: World): Promise<Recovery> {
  await world.serveChat();
  const client = await world.beginConnect();
  await world.chat.event("knocked");
  await killNow(world.chat);
  const { events } = await client.ended;
  const start = performance.now();
  await world.serveChat();
  await world.untilConnects();
  const seen = [`\`connect\`: \`${events.findLast((e) => e.type === "error")!.code}\``];
  return { seen, worksAfterMs: performance.now() - start };
}

async function killServerWhileDataFlows(world: World): Promise<Recovery> {
  const stream = await world.startAll();
  const from = world.forward.events.length;
  const start = performance.now();
  await killNow(world.server);
  await world.serve();
  await world.untilAnswered();
  const worksAfterMs = performance.now() - start;
  return { seen: await noticed(world.forward, from, stream), worksAfterMs };
}

/** The next one connects from the same machine, through the same NATs. */
function killConnectAt(event: string): Fault["run"] {
  return async (world) => {
    await world.serveChat();
    const client = await world.beginConnect();
    await client.event(event);
    await killNow(client);
    return { seen: [], worksAfterMs: await world.untilConnects() };
  };
}

async function killForward(world: World): Promise<Recovery> {
  await world.startAll();
  const start = performance.now();
  await killNow(world.forward);
  const refused = await world.ask();
  await world.startForward();
  await world.untilAnswered();
  const seen = ["open connections break", ...(refused === "reset" ? ["new ones are refused"] : [])];
  return { seen, worksAfterMs: performance.now() - start };
}

async function killNow(process: SkipProcess): Promise<void> {
  process.kill("SIGKILL");
  await process.ended;
}

type Side = "server" | "forward";

function suspend(side: Side): Fault["run"] {
  return async (world, lastsMs) => {
    const stream = await world.startAll();
    const from = world.forward.events.length;
    world[side].kill("SIGSTOP");
    await delay(lastsMs);
    world[side].kill("SIGCONT");
    const worksAfterMs = await world.untilAnswered();
    return { seen: await noticed(world.forward, from, stream), worksAfterMs };
  };
}

function takeDescriptors(side: Side): Fault["run"] {
  return async (world, lastsMs) => {
    const stream = await world.startAll();
    const from = world.forward.events.length;
    const giveBack = await limitDescriptors(world[side].pid, 0);
    const asked = world.ask(lastsMs);
    await delay(lastsMs);
    const isRefused = typeof await asked === "string";
    await giveBack();
    const worksAfterMs = await world.untilAnswered();
    const seen = await noticed(world.forward, from, stream);
    return { seen: [...seen, ...(isRefused ? ["new connections fail"] : [])], worksAfterMs };
  };
}

/** What runs goes on; what is begun without a key has to be told where it may write. */
function spoilDisk(fault: "full" | "read-only"): Fault["run"] {
  return async (world, lastsMs) => {
    const disks = [new SmallDisk(world.serving), new SmallDisk(world.connecting)] as const;
    await world.serve(disks[0].place);
    await world.startForward(disks[1].place);
    const stream = await world.openStream();
    const from = world.forward.events.length;
    await Promise.all(disks.map((disk) => disk.spoil(fault)));
    await delay(lastsMs);
    const worksAfterMs = await world.untilAnswered();
    const words = await noticed(world.forward, from, stream);
    return {
      seen: [...words, ...await world.beginWithoutKey(new SmallDisk(world.serving, fault))],
      worksAfterMs,
    };
  };
}

const AHEAD = "SIGUSR1";
const BACK = "SIGUSR2";

/** A clock that is set, and set right again; each time the record has to be published anew, as an address is added. */
function stepClock(first: Deno.Signal, second: Deno.Signal): Fault["run"] {
  return async (world) => {
    await world.serveChat(withClock(world.serving));
    let worksAfterMs = 0;
    for (const [i, signal] of [first, second].entries()) {
      world.chat.kill(signal);
      const published = world.chat.events.filter(({ type }) => type === "published").length;
      await addAddress(world.serving, world.serving.address.replace(/\d+$/, `${200 + i}`));
      await world.chat.event("published", published);
      worksAfterMs = Math.max(worksAfterMs, await world.untilConnects());
    }
    await world.chat.stop(); // and whoever starts again must outnumber what he has published
    await world.serveChat();
    return { seen: [], worksAfterMs: Math.max(worksAfterMs, await world.untilConnects()) };
  };
}

function connectWithClock(days: number): Fault["run"] {
  return async (world) => {
    await world.serveChat();
    return { seen: [], worksAfterMs: await world.untilConnects(withClock(world.connecting, days)) };
  };
}

/** The rows about processes. */
export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: "kill-serve-early",
    what: "`serve` is killed (-9) before it can be found, and started again after a `connect` has failed",
    worksWithinMs: RESTARTED_MS,
    run: killBeforeReady,
  },
  {
    name: "kill-serve-punch",
    what: "`serve` is killed as it hears a knock, and started again once `connect` has given up",
    worksWithinMs: RESTARTED_MS,
    run: killAtKnock,
  },
  {
    name: "kill-serve-data",
    what: "`serve` is killed while data flows, and started again at once, at another port",
    shows: "open connections break",
    worksWithinMs: 2 * RESTARTED_MS,
    run: killServerWhileDataFlows,
  },
  ...(["resolved", "strategy", "open"] as const).map((event, i): Fault => ({
    name: `kill-connect-${["early", "punch", "data"][i]}`,
    what: `\`connect\` is killed ${["before", "during", "after"][i]} the punch; the next one starts at once`,
    worksWithinMs: CONNECTED_MS,
    run: killConnectAt(event),
  })),
  {
    name: "kill-forward",
    what: "`forward` is killed while data flows, and started again at once",
    shows: "open connections break",
    worksWithinMs: CONNECTED_MS,
    run: killForward,
  },
  ...(["server", "forward"] as const).map((side): Fault => ({
    name: `suspend-${side === "server" ? "serve" : side}`,
    what: `\`${side === "server" ? "serve" : side}\` is suspended`,
    lastsMs: 5 * 60_000,
    triedMs: 6000,
    worksWithinMs: 40_000,
    run: suspend(side),
  })),
  ...(["server", "forward"] as const).map((side): Fault => ({
    name: `descriptors-${side === "server" ? "serve" : side}`,
    what: `\`${side === "server" ? "serve" : side}\` has no descriptor left`,
    lastsMs: 20_000,
    triedMs: 3000,
    shows: "new connections fail",
    worksWithinMs: CONNECTED_MS,
    run: takeDescriptors(side),
  })),
  ...(["full", "read-only"] as const).map((fault): Fault => ({
    name: `disk-${fault}`,
    what: `the home folders of both are ${fault === "full" ? "on a disk that is full" : fault}, and stay so`,
    lastsMs: 20_000,
    triedMs: 2000,
    shows: "`serve` without a key file: `key-file`",
    worksWithinMs: CONNECTED_MS,
    run: spoilDisk(fault),
  })),
  {
    name: "clock-serve-ahead",
    what: "the clock of `serve` is set a day ahead, and right again; then it is restarted",
    worksWithinMs: CONNECTED_MS,
    run: stepClock(AHEAD, BACK),
  },
  {
    name: "clock-serve-back",
    what: "the clock of `serve` is set a day back, and right again; then it is restarted",
    worksWithinMs: CONNECTED_MS,
    run: stepClock(BACK, AHEAD),
  },
  ...[1, -1].map((days): Fault => ({
    name: `clock-connect-${days > 0 ? "ahead" : "back"}`,
    what: `the clock of \`connect\` is a day ${days > 0 ? "ahead" : "back"}, and stays so`,
    worksWithinMs: CONNECTED_MS,
    run: connectWithClock(days),
  })),
];
