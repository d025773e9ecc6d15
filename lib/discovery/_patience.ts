/** How many times as long as usual an answer may take. */
const PATIENCE = 3;
/** What the fastest network grants a node before it is late. */
const MIN_LATE_MS = 150;

/** After how long a node whose answers usually take `rttMs` is late, and others are looked at. */
export function lateAfterMs(rttMs: number): number {
  return Math.max(PATIENCE * rttMs, MIN_LATE_MS);
}
