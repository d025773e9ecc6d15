/**
 * `_daily_local.ts PART ROUNDS`: measures one part on the loopback that it finds itself on, and prints its figures as one JSON
 * object.
 *
 * @module
 */
import { measureConnections } from "./_daily_connections.ts";
import { measureDownload, measureMemory } from "./_daily_bytes.ts";
import { measureHops, measureHttp } from "./_daily_http.ts";

/** What can be measured on a loopback, by name. */
export const LOCAL_PARTS = {
  http: measureHttp,
  hops: measureHops,
  download: measureDownload,
  memory: measureMemory,
  connections: measureConnections,
} as const;

/** Figures of all parts. */
export type LocalFigures = {
  readonly [Part in keyof typeof LOCAL_PARTS]: Awaited<ReturnType<typeof LOCAL_PARTS[Part]>>;
};

if (import.meta.main) {
  const [part, rounds] = Deno.args;
  const figures = await LOCAL_PARTS[part as keyof typeof LOCAL_PARTS](Number(rounds));
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(figures)}\n`));
}
