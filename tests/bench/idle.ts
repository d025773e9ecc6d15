/**
 * What a serving peer costs while nobody wants it: packets, memory, processor.
 *
 * @module
 */
import { startDht } from "../lab/dht.ts";
import { Lab, type LabHost } from "../lab/mod.ts";
import { startServing } from "../session.ts";
import { usage } from "./_process.ts";

/** A serving peer polls fast for ten minutes after its start. */
const HOT_MS = 10 * 60_000;
const WINDOW_MS = 2 * 60_000;

/** Counts the UDP packets that a host sends. */
async function countPackets(host: LabHost): Promise<() => Promise<number>> {
  const rules =
    "table ip count { chain out { type filter hook output priority 0; meta l4proto udp counter; }; }";
  await host.output("nft", [rules]);
  return async () => {
    const { stdout } = await host.output("nft", ["list", "table", "ip", "count"]);
    return Number(stdout.match(/packets (\d+)/)![1]);
  };
}

/** Starts at once, and gives the figures once the serving peer has become idle and a window has passed. */
export async function benchIdle(): Promise<string> {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab);
  const host = await lab.peer("port");
  const packets = await countPackets(host);
  await using server = await startServing({ bootstrap: dht.bootstrap, serving: host });
  const hot = await rate(packets, 60_000);
  await sleep(HOT_MS);
  const before = await usage(server.pid);
  const idle = await rate(packets, WINDOW_MS);
  const after = await usage(server.pid);
  const cpu = (after.cpuSeconds - before.cpuSeconds) / (WINDOW_MS / 1000);
  return [
    `DHT packets sent a minute: ${idle.toFixed(0)} idle, ${hot.toFixed(0)} in the first minute`,
    `resident memory: ${(after.rssBytes / 1e6).toFixed(0)} MB`,
    `processor: ${(cpu * 100).toFixed(2)} % of one core`,
  ].join("\n");
}

/** Packets a minute over a window. */
async function rate(packets: () => Promise<number>, windowMs: number): Promise<number> {
  const before = await packets();
  await sleep(windowMs);
  return (await packets() - before) / (windowMs / 60_000);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
