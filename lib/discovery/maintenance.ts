/**
 * Keeps an idle node's table fresh, for at most about ten packets a minute.
 *
 * @module
 */
import { type Clock, pause } from "./clock.ts";
import { CLOSEST_COUNT } from "./contacts.ts";
import type { RoutingTable, TableNode } from "./table.ts";
import type { Contact } from "./types.ts";

/** Between rounds, plus or minus a quarter so that nodes started together drift apart. */
const ROUND_MS = 60_000;
/** A node that was not heard for so long is questionable (BEP 5 says 15 min). */
const QUESTIONABLE_MS = 10 * 60_000;
const PINGS_PER_ROUND = 6;
/** A walk to our own id takes about 15 packets. */
const REFRESH_ROUNDS = 15;
const SAVE_ROUNDS = 10;

/** What {@linkcode maintain} needs; none of these may reject but for the signal. */
export interface MaintenanceDeps {
  readonly clock: Clock;
  table(): RoutingTable;
  isOnline(): boolean;
  /** Asks a node for a sign of life. */
  ping(node: Contact): Promise<void>;
  /** Walks to our own id, by way of the bootstrap nodes too while the table is small. */
  join(signal: AbortSignal): Promise<void>;
  /** Walks to a part of the id space that we know too little of, if there is one. Says whether it did. */
  explore(signal: AbortSignal): Promise<boolean>;
  /** Writes the known nodes to disk, if that was asked for. */
  save(): Promise<void>;
}

/** Runs until aborted, then rejects with `signal.reason`. */
export async function maintain(deps: MaintenanceDeps, signal: AbortSignal): Promise<never> {
  for (let round = 1;; round++) {
    await pause(deps.clock, ROUND_MS * (0.75 + deps.clock.random() / 2), signal);
    if (round % SAVE_ROUNDS === 0) await deps.save();
    if (!deps.isOnline()) continue;
    await deps.explore(signal);
    if (round % REFRESH_ROUNDS === 0 || deps.table().size < CLOSEST_COUNT) await deps.join(signal);
    await Promise.all(questionable(deps.table(), deps.clock.now()).map((node) => deps.ping(node)));
  }
}

/** Those who never answered first, then those not heard for longest. */
function questionable(table: RoutingTable, now: number): TableNode[] {
  return table.nodes()
    .filter((node) => !node.confirmed || node.failures > 0 || now - node.seenAt > QUESTIONABLE_MS)
    .sort((a, b) => Number(a.confirmed) - Number(b.confirmed) || a.seenAt - b.seenAt)
    .slice(0, PINGS_PER_ROUND);
}
