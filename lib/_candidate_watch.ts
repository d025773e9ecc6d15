import type { LocalCandidates } from "./candidates/mod.ts";
import type { Publication } from "./discovery/mod.ts";
import { formatEndpoint } from "./endpoint.ts";
import { formatNat } from "./nat.ts";
import type { OnProgress } from "./progress.ts";

/** How often our own addresses are compared with those published: a change of network shows within this time. */
const WATCH_INTERVAL_MS = 5000;

/** What {@linkcode watchCandidates} works with. */
export interface Watching {
  readonly gather: () => LocalCandidates;
  /** Has servers look at our NAT if it is time. */
  readonly look: () => Promise<boolean>;
  readonly publication: Publication;
  /** The key of what was published last. */
  readonly published: () => string;
  readonly report: OnProgress;
}

/** Publishes again when what `gather` finds is no longer what was published. */
export function watchCandidates({ gather, look, publication, published, report }: Watching): Disposable {
  let reported = "";
  const compare = () => {
    const local = gather();
    const now = keyOf(local);
    if (now !== published()) publication.update();
    if (now === reported) return;
    reported = now;
    const { candidates, nat } = local;
    report({ type: "candidates", local: candidates.map(formatEndpoint), remote: [], nat: formatNat(nat) });
  };
  let isOver = false;
  const again = () => void look().then(() => isOver || compare());
  compare();
  again(); // the look before was a quick one
  const timer = setInterval(again, WATCH_INTERVAL_MS);
  return {
    [Symbol.dispose]() {
      isOver = true;
      clearInterval(timer);
    },
  };
}

/** Tells whether what others are to know has changed. */
export function keyOf({ candidates, nat }: LocalCandidates): string {
  return JSON.stringify([candidates, formatNat(nat)]);
}
