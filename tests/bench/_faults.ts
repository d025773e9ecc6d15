/**
 * What may go wrong, and what comes of it: rows of the table that `deno task bench:faults` makes.
 *
 * @module
 */
import { NETWORK_FAULTS } from "./_network_faults.ts";
import { PROCESS_FAULTS } from "./_process_faults.ts";
import type { World } from "./_fault_world.ts";

/** What came of a fault, once. */
export interface Recovery {
  /** What the user is shown, or notices; empty for nothing. */
  readonly seen: readonly string[];
  /** From the end of the fault until it works. */
  readonly worksAfterMs: number;
}

/** One thing that goes wrong. */
export interface Fault {
  /** For the command line. */
  readonly name: string;
  /** The same in words. */
  readonly what: string;
  /** How long it lasts, where that is a matter of choice. */
  readonly lastsMs?: number;
  /** The same where it is only tried. */
  readonly triedMs?: number;
  /** Whether it is one for all, so that nothing else can be tried in the same lab. */
  readonly isGlobal?: true;
  /** Within which time it has to work again. */
  readonly worksWithinMs: number;
  /** What must be seen; whatever else is said of it. */
  readonly shows?: string;
  /** Does it. */
  readonly run: (world: World, lastsMs: number) => Promise<Recovery>;
}

/** All of them. */
export function allFaults(): readonly Fault[] {
  return [...PROCESS_FAULTS, ...NETWORK_FAULTS];
}
