import type { Stream } from "./_fault_world.ts";
import type { SkipProcess } from "../skip_process.ts";

/** Longer than anything that TCP repairs within a round trip or two. */
const NOTICED_MS = 1500;

/** What a user of `skip forward` notices, from an event on: what it says, and what becomes of a connection. */
export async function noticed(
  forward: SkipProcess,
  from: number,
  stream?: Stream,
): Promise<string[]> {
  const words: string[] = [];
  const types = new Set(forward.events.slice(from).map(({ type }) => type));
  if (types.has("lost")) words.push(`\`forward\`: \`lost\`${types.has("restored") ? ", `restored`" : ""}`);
  if (stream) words.push(...await ofStream(stream));
  return words;
}

async function ofStream(stream: Stream): Promise<string[]> {
  const { longestMs, outcome } = await stream();
  if (outcome !== undefined) return ["open connections break"];
  return longestMs > NOTICED_MS ? ["open connections stand still, then go on"] : ["open connections go on"];
}

/** How a `skip connect` ended, as its user sees it. */
export function ofConnect({ outcome }: { outcome: string }): string[] {
  return outcome === "connected" ? [] : [`\`connect\`: \`${outcome}\``];
}
