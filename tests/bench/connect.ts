// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * From the start of `skip connect` with an empty cache to an open WebSocket, through real NATs.
 *
 * @module
 */
import { startDht } from "../lab/dht.ts";
import { Lab, type NatType } from "../lab/mod.ts";
import { startServing, startSession, type Timing } from "../session.ts";
import { spread, table } from "./_statistics.ts";

const RTT_MS = 50;
const PAIRS: readonly (readonly [serving: NatType, connecting: NatType])[] = [
  ["port", "port"],
  ["port-rst", "port"],
  ["cgnat", "port"],
  ["firewall", "port"],
  ["lan", "lan"],
];

/** Connects `runs` times for each pair and gives the table. */
export async function benchConnect(runs: number): Promise<string> {
  await using lab = await Lab.create({ rttMs: RTT_MS });
  await using dht = await startDht(lab);
  const rows: string[][] = [];
  for (const [a, b] of PAIRS) {
    const [serving, connecting] = await lab.pair(a, b);
    const meeting = { bootstrap: dht.bootstrap, serving, connecting };
    const timings: Timing[] = [];
    const failures: string[] = [];
    await using server = await startServing(meeting);
    for (let i = 0; i < runs; i++) {
      try {
        await using session = await startSession(server, meeting);
        timings.push(session.timing);
      } catch (error) {
        failures.push((error as Error).message);
        console.error(failures.at(-1));
      }
    }
    const punches = timings.filter((t) => t.knocked).map((t) => t.punch);
    rows.push([
      `${a} – ${b}`,
      `${timings.length} of ${runs}`,
      timings.length > 0 ? spread(timings.map((t) => t.total)) : "–",
      punches.length > 0 ? spread(punches) : "no punch needed",
      [...new Set(timings.map((t) => t.kind))].join(", "),
    ]);
  }
  return table(["serving – connecting", "connected", "open after, ms", "punch, ms", "path"], rows);
}
