import type { ProbeOutcome } from "../check/mod.ts";
import type { Filtering, Refusal } from "../nat.ts";

/** What strangers got; absent where nobody could be asked. */
export interface FilteringTests {
  /** At a port from which nothing was sent. */
  readonly unasked?: ProbeOutcome | undefined;
  /** At a port that another address was contacted from. */
  readonly otherAddress?: ProbeOutcome | undefined;
  /** From another port of an address that was contacted from there. */
  readonly otherPort?: ProbeOutcome | undefined;
}

/** Draws the conclusion (RFC 5382 section 4.3). */
export function classifyFiltering({ unasked, otherAddress, otherPort }: FilteringTests): Filtering {
  if (unasked === "in" || otherAddress === "in") return "independent";
  if (otherPort === "in") return "address";
  return isRefusal(otherPort) ? "port" : "unknown";
}

/** What an unasked SYN gets, where it gets no connection. */
export function classifyRefusal({ unasked }: FilteringTests): Refusal {
  return isRefusal(unasked) ? unasked : "unknown";
}

function isRefusal(outcome: ProbeOutcome | undefined): outcome is Exclude<Refusal, "unknown"> {
  return outcome === "silence" || outcome === "reset" || outcome === "icmp";
}
