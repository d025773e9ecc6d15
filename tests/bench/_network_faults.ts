/**
 * What may go wrong with networks.
 *
 * @module
 */
import { delay } from "@std/async";
import { rebind, unplug } from "../lab/faults.ts";
import { noticed, ofConnect } from "./_fault_words.ts";
import { BOOTSTRAP_HOST, type World } from "./_fault_world.ts";
import type { Fault, Recovery } from "./_faults.ts";

/** Between two changes of a NAT's ports. */
const REBIND_INTERVAL_MS = 30_000;
/** Ports of a NAT between two changes, all below those from which anybody sends: none is ever kept by chance. */
const PORTS = 4000;
/** How much is lost in each direction, and how much comes late. */
const BAD_WAN = { loss: 0.1, reorder: 0.1 };
const GOOD_WAN = { loss: 0, reorder: 0 };

async function killNodesDuringPunch(world: World): Promise<Recovery> {
  const { dht } = world.stage;
  await world.serveChat();
  const client = await world.beginConnect();
  await client.event("resolved");
  const start = performance.now();
  await dht.kill(BOOTSTRAP_HOST);
  try {
    await client.event("open");
    return { seen: [], worksAfterMs: performance.now() - start };
  } finally {
    await dht.revive(BOOTSTRAP_HOST);
  }
}

/** The nodes come back without anything that they knew. */
async function vanishDht(world: World, lastsMs: number): Promise<Recovery> {
  const { dht, lab } = world.stage;
  const stream = await world.startAll();
  await world.serveChat();
  const from = world.forward.events.length;
  const all = [...lab.hosts.keys()];
  await Promise.all(all.map((n) => dht.kill(n)));
  await delay(lastsMs);
  const [asked, connected] = [await world.ask(), await world.connect()];
  await dht.revive(...all);
  const worksAfterMs = await world.untilConnects();
  const seen = [...await noticed(world.forward, from, stream), ...ofConnect(connected)];
  return {
    seen: typeof asked === "number" ? [...seen, "new connections of `forward` work"] : seen,
    worksAfterMs,
  };
}

function unplugAWhile(side: "serving" | "connecting"): Fault["run"] {
  return async (world, lastsMs) => {
    const stream = await world.startAll();
    const from = world.forward.events.length;
    const plugIn = await unplug(world[side]);
    await delay(lastsMs);
    await plugIn();
    const worksAfterMs = await world.untilAnswered();
    return { seen: await noticed(world.forward, from, stream), worksAfterMs };
  };
}

/** Each side in turn; the slowest recovery counts. */
async function rebindAgainAndAgain(world: World, lastsMs: number): Promise<Recovery> {
  const stream = await world.startAll();
  const from = world.forward.events.length;
  let worksAfterMs = 0;
  for (let i = 0, end = performance.now() + lastsMs; i === 0 || performance.now() < end; i++) {
    const first = 10_000 + PORTS * (i % 5);
    const next = delay(Math.min(REBIND_INTERVAL_MS, lastsMs));
    await rebind(i % 2 === 0 ? world.serving : world.connecting, { first, last: first + PORTS - 1 });
    worksAfterMs = Math.max(worksAfterMs, await world.untilAnswered());
    await next;
  }
  return { seen: await noticed(world.forward, from, stream), worksAfterMs };
}

/** Not until it is over: while it lasts. */
async function worsenWan(world: World, lastsMs: number): Promise<Recovery> {
  const { lab } = world.stage;
  const stream = await world.startAll();
  await world.serveChat();
  const from = world.forward.events.length;
  await lab.reshape(BAD_WAN);
  try {
    const worksAfterMs = await world.untilConnects();
    const outcomes = new Set<string>();
    for (const end = performance.now() + lastsMs; performance.now() < end;) {
      ofConnect(await world.connect()).forEach((word) => outcomes.add(word));
    }
    return { seen: [...await noticed(world.forward, from, stream), ...outcomes], worksAfterMs };
  } finally {
    await lab.reshape(GOOD_WAN);
  }
}

/** The rows about networks. */
export const NETWORK_FAULTS: readonly Fault[] = [
  {
    name: "dht-host",
    what: "the host of the bootstrap node, and of an eighth of the DHT, is gone during the punch",
    isGlobal: true,
    worksWithinMs: 10_000,
    run: killNodesDuringPunch,
  },
  {
    name: "dht",
    what: "the whole DHT is gone, and comes back without memory",
    lastsMs: 10 * 60_000,
    triedMs: 8000,
    isGlobal: true,
    shows: "`connect`: `offline`",
    worksWithinMs: 90_000,
    run: vanishDht,
  },
  ...(["serving", "connecting"] as const).map((side): Fault => ({
    name: `unplug-${side}`,
    what: `the interface of the ${side} machine is down`,
    lastsMs: 20_000,
    triedMs: 7000,
    worksWithinMs: 40_000,
    run: unplugAWhile(side),
  })),
  {
    name: "rebind",
    what: "every 30 s one of the two NATs forgets everything and maps to other ports",
    lastsMs: 3 * 60_000,
    triedMs: 0,
    shows: "open connections break",
    worksWithinMs: 40_000,
    run: rebindAgainAndAgain,
  },
  {
    name: "loss",
    what: "10 % of the packets are lost each way, and 10 % come late",
    lastsMs: 60_000,
    triedMs: 0,
    isGlobal: true,
    worksWithinMs: 40_000,
    run: worsenWan,
  },
];
