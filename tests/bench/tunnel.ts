/**
 * A WebSocket through the tunnel, and by the whole way of `serve` and `connect`, against native `wss`: two processes on
 * loopback, the ways measured in turn, so that all see the same machine.
 *
 * @module
 */
import { type Loopback, loopbacks } from "./_loopback.ts";
import { startProgram } from "./_program.ts";
import { median, spread, table } from "./_statistics.ts";
import { type Addresses, type Figures, MOST_BUFFERED_MIB, type Way, WAYS } from "./_tunnel_peer.ts";

const PEER = new URL("./_tunnel_peer.ts", import.meta.url);
const ROUNDS = 7;
const MEGABYTES = 500;
const ROUND_TRIPS = 3000;

const NAMES: Readonly<Record<Way, string>> = {
  native: "native `wss`",
  tunnel: "tunnel over plain TCP",
  whole: "`serve` and `connect`",
};

/** Measures all ways on each loopback, and gives the tables. */
export async function benchTunnel(): Promise<string> {
  const tables: string[] = [];
  for (const loopback of await loopbacks()) {
    await using _ = loopback;
    tables.push(`${summary(await measure(loopback))}\n\n${circumstances(loopback)}`);
  }
  return tables.join("\n\n");
}

/** Measures some ways in turn. */
export async function measure(loopback: Loopback, ways: readonly Way[] = WAYS): Promise<Figures[]> {
  await using serving = await startProgram(loopback, PEER, "serve");
  const addresses = (await serving.lines.next()).value as Addresses;
  const args = [JSON.stringify(addresses), ROUNDS, MEGABYTES, ROUND_TRIPS, ways].map(String);
  await using connecting = await startProgram(loopback, PEER, "connect", ...args);
  const figures: Figures[] = [];
  for await (const line of connecting.lines) figures.push(line as Figures);
  return figures;
}

function summary(figures: readonly Figures[]): string {
  const of = (way: Way, value: (figures: Figures) => number) =>
    figures.filter((f) => f.way === way).map(value);
  const rows = WAYS.map((way) => {
    const speeds = MOST_BUFFERED_MIB.flatMap((_, i) => {
      const speed = (f: Figures) => f.bytesPerSecond[i]! / 1e6;
      const share = median(of(way, speed)) / median(of("native", speed));
      return [spread(of(way, speed)), share.toFixed(2)];
    });
    const roundTrip = (f: Figures) => f.roundTripMs;
    const more = median(of(way, roundTrip)) - median(of("native", roundTrip));
    return [NAMES[way], ...speeds, spread(of(way, roundTrip), 3), way === "native" ? "–" : more.toFixed(3)];
  });
  const heads = MOST_BUFFERED_MIB.flatMap((mib) => [`MB/s, ${mib} MiB buffered`, "of native"]);
  return table(["", ...heads, "round trip, ms", "more than native, ms"], rows);
}

/** What else decides: where the system's choice is BBR, each hop is paced, and there are three in place of one. */
function circumstances({ congestionControl }: Loopback): string {
  return `Messages of 64 KiB one way. Median of ${ROUNDS} rounds (least to most), ` +
    `${navigator.hardwareConcurrency} processors, TCP congestion control: ${congestionControl}.`;
}
