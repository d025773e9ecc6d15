/**
 * How long an honest peer takes to connect and have something echoed while a serving peer is attacked.
 *
 * @module
 */
import { halfOpenTls, halfOpenTlsWithId, silence, slowChecks } from "../hostile/_attacks.ts";
import type { Crowd, CrowdOptions } from "../hostile/_strangers.ts";
import { startTarget, type Target, visit } from "../hostile/_target.ts";
import { spread, table } from "./_statistics.ts";

const VISITS = 10;
const PER_SECOND = 1000;

type Attack = (target: Target, options: Partial<CrowdOptions>) => Crowd;

const ATTACKS: Readonly<Record<string, Attack | undefined>> = {
  "nobody attacks": undefined,
  "connections that say nothing": silence,
  "checks that come byte by byte": slowChecks,
  "TLS that begins without a check": halfOpenTls,
  "TLS left half open by those who know the id": halfOpenTlsWithId,
};

async function measure(attack: Attack | undefined): Promise<string[]> {
  await using target = await startTarget();
  await visit(target); // what is loaded at the first visit is loaded
  const before = await target.residentBytes();
  await using crowd = attack?.(target, { perSecond: PER_SECOND });
  await crowd?.gathered();
  const times: number[] = [];
  for (let i = 0; i < VISITS; i++) times.push(await visit(target));
  const growth = (await target.residentBytes() - before) / 1e6;
  return [spread(times), growth.toFixed(0)];
}

/** Measures each attack, and gives the table. */
export async function benchAttacks(): Promise<string> {
  const rows: string[][] = [];
  for (const [name, attack] of Object.entries(ATTACKS)) rows.push([name, ...await measure(attack)]);
  return `${table(["attack", "connect and echo, ms", "memory of the serving process, MB more"], rows)}\n\n` +
    `${PER_SECOND} connections a second from 64 addresses, on the same ${navigator.hardwareConcurrency} ` +
    `processors. Median of ${VISITS} (least to most).`;
}
