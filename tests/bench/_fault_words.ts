import { delay } from "@std/async";
import type { SkipEvent, SkipProcess } from "../skip_process.ts";
import type { Stream } from "./_fault_world.ts";

/** Longer than anything that TCP repairs within a round trip or two. */
const NOTICED_MS = 1500;
/** How long we wait for what becomes of connections, and of a peer that was lost. */
const PATIENCE_MS = 40_000;
const LOOK_INTERVAL_MS = 250;

/** What a user of `skip forward` notices, from an event on: what it says, and what becomes of a connection. */
export async function noticed(forward: SkipProcess, from: number, stream?: Stream): Promise<string[]> {
  const connections = stream ? await fateOf(stream) : [];
  const words = await said(() => forward.events.slice(from));
  return [...words, ...connections];
}

/** Whoever is lost is restored some time. */
async function said(events: () => readonly SkipEvent[]): Promise<string[]> {
  const count = (wanted: string) => events().filter(({ type }) => type === wanted).length;
  if (count("lost") === 0) return [];
  const isOver = await until(() => Promise.resolve(count("restored") >= count("lost")));
  return [`\`forward\`: \`lost\`${isOver ? ", `restored`" : ""}`];
}

/** It goes on, or it breaks. */
async function fateOf(stream: Stream): Promise<string[]> {
  let now = await stream();
  await until(async () => {
    now = await stream();
    return now.outcome !== undefined || now.silentMs < NOTICED_MS;
  });
  if (now.outcome !== undefined) return ["open connections break"];
  if (now.silentMs >= NOTICED_MS) return ["open connections hang"];
  return [now.longestMs < NOTICED_MS ? "open connections go on" : "open connections stand still, then go on"];
}

async function until(isOver: () => Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await delay(LOOK_INTERVAL_MS)) {
    if (await isOver()) return true;
  }
  return false;
}

/** How a `skip connect` ended, as its user sees it. */
export function ofConnect({ outcome }: { outcome: string }): string[] {
  return outcome === "connected" ? [] : [`\`connect\`: \`${outcome}\``];
}
