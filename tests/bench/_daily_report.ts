/**
 * What was measured for everyday use, as Markdown: pure functions of the figures.
 *
 * @module
 */
import type { LabFigures } from "./_daily_lab.ts";
import type { LocalFigures } from "./_daily_local.ts";
import { median, spread, table } from "./_statistics.ts";
import { type Figures as WssFigures, MOST_BUFFERED_MIB } from "./_tunnel_peer.ts";
import type { LoadFigures } from "./_wrk.ts";

/** All that there is to say something of; absent is what was not measured. */
export type DailyFigures = Partial<LocalFigures> & { readonly lab?: LabFigures; readonly wss?: WssFigures[] };

/** A line of the table: what was wanted, and what was measured. */
export interface Line {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly held: boolean;
}

/** Memory that grows by no more than so many bytes for each byte that passes is flat: 10 MB in 5 GB. */
const FLAT_SLOPE = 0.002;

/** A line for each figure that was measured. */
export function linesOf(figures: DailyFigures): Line[] {
  return [
    ...ofHttp(figures),
    ...ofDownload(figures),
    ...ofMemory(figures),
    ...ofConnections(figures),
    ...ofLab(figures),
  ];
}

/** The lines, and the parts of the way alone. */
export function dailyTables(figures: DailyFigures): string {
  const lines = linesOf(figures).map(({ what, wanted, measured, held }) => [
    ...[what, wanted, measured, held ? "yes" : "no"],
  ]);
  const daily = table(["", "wanted", "measured", "held"], lines);
  return [daily, ...(figures.hops ? [hopsTable(figures.hops)] : [])].join("\n\n");
}

/** `6.18` of `6.18.44-of-somebody`: what a machine's owner calls its kernel says nothing to others. */
export function kernelVersion(release: string): string {
  return /^\d+(\.\d+)?/.exec(release)?.[0] ?? "of an unknown version";
}

const rates = (figures: readonly LoadFigures[]) => figures.map((one) => one.requestsPerSecond);
const medians = (figures: readonly LoadFigures[]) => figures.map((one) => one.medianMs);
/** What one way has of the other, and by how much more it takes, round by round. */
const quotients = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value / b[i]!);
const differences = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value - b[i]!);

function ofHttp({ http }: DailyFigures): Line[] {
  if (!http) return [];
  const ratio = quotients(rates(http.through), rates(http.bare));
  const alone = differences(medians(http.throughAlone), medians(http.bareAlone));
  const loaded = differences(medians(http.through), medians(http.bare));
  return [
    {
      what: "requests a second over 64 connections, of those that the server answers directly",
      wanted: "≥ 0.5",
      measured: `${spread(ratio, 2)}: ${spread(rates(http.through))} of ${spread(rates(http.bare))}`,
      held: median(ratio) >= 0.5,
    },
    {
      what: "half of the answers take longer by, one connection",
      wanted: "≤ 1 ms",
      measured: `${spread(alone, 2)} ms`,
      held: median(alone) <= 1,
    },
    {
      what: "the same over 64 connections, where each waits for the others",
      wanted: "≤ 1 ms",
      measured: `${spread(loaded, 2)} ms`,
      held: median(loaded) <= 1,
    },
  ];
}

function ofDownload({ download, wss }: DailyFigures): Line[] {
  if (!download) return [];
  const speeds = download.through.map((value) => value / 1e6);
  const lines = [{
    what: "one download of 1 GB",
    wanted: "≥ 300 MB/s",
    measured: `${spread(speeds)} MB/s; directly ${spread(download.bare.map((value) => value / 1e6))}`,
    held: median(speeds) >= 300,
  }];
  for (const [i, mib] of wss ? MOST_BUFFERED_MIB.entries() : []) {
    const native = wss!.map((one) => one.bytesPerSecond[i]! / 1e6);
    const ratio = median(speeds) / median(native);
    lines.push({
      what: `of native \`wss\`, whose sender keeps ${mib} MiB`,
      wanted: "≥ 0.6",
      measured: `${ratio.toFixed(2)}: native ${spread(native)} MB/s`,
      held: ratio >= 0.6,
    });
  }
  return lines;
}

function ofMemory({ memory = [] }: DailyFigures): Line[] {
  const mb = (value: number) => (value / 1e6).toFixed(0);
  return memory.map(({ direction, process, slope, settled, most }) => ({
    what: `memory of \`skip ${process}\` while 5 GB pass, ${direction}`,
    wanted: "flat",
    measured: `${(slope * 1000).toFixed(1)} MB a GB: ${mb(settled)} MB, at most ${mb(most)}`,
    held: slope <= FLAT_SLOPE,
  }));
}

function ofConnections({ connections: figures }: DailyFigures): Line[] {
  if (!figures) return [];
  const { connections, failures, seconds, descriptorsLeft, bytesLeft } = figures;
  const [first] = failures;
  return [{
    what: `${connections} short TCP connections, each answered rightly`,
    wanted: "all, and nothing left",
    measured: `${connections - failures.length}, ${(connections / seconds).toFixed(0)} a second; ` +
      `${descriptorsLeft} descriptors and ${(bytesLeft / 1000).toFixed(1)} kB a connection left` +
      (first ? `; first failure: ${first}` : ""),
    held: failures.length === 0 && descriptorsLeft <= 0,
  }];
}

function ofLab({ lab }: DailyFigures): Line[] {
  if (!lab) return [];
  const recovery = lab.recovery.map((ms) => ms / 1000);
  return [
    {
      what: "second connection to a peer, two port-restricted NATs, 50 ms",
      wanted: "≤ 0.25 s",
      measured: `${spread(lab.second.map((ms) => ms / 1000), 3)} s`,
      held: median(lab.second) <= 250,
    },
    {
      what: "connected again after the serving peer's address has changed",
      wanted: "≤ 10 s",
      measured: `${spread(recovery, 1)} s`,
      held: median(recovery) <= 10,
    },
  ];
}

const HOP_NAMES: Readonly<Record<keyof LocalFigures["hops"], string>> = {
  none: "the server alone",
  copy: "one hop that copies bytes, `Deno.listen` and `Deno.connect`",
  local: "one hop that copies bytes, the sockets of `skip forward`, which can be reset",
  proxy: "the reverse proxy of `skip serve 8080` alone",
  handler: "`skip forward` to a handler in the serving program",
  all: "`skip forward` to `skip serve 8080`",
};

function hopsTable(hops: LocalFigures["hops"]): string {
  const rows = Object.entries(HOP_NAMES).map(([hop, name]) => {
    const figures = hops[hop as keyof typeof hops];
    const [own, micros] = [rates(figures), figures.map(({ cpuMs }) => cpuMs * 1000)];
    return [name, spread(own), spread(quotients(own, rates(hops.none)), 2), spread(micros)];
  });
  return table(
    ["64 connections through", "requests/s", "of the server alone", "processor time each, µs"],
    rows,
  );
}
