import type { CheckedPath } from "./check/mod.ts";
import { type Candidate, formatEndpoint, sameEndpoint } from "./endpoint.ts";
import { type PathKind, pathKind, pathKindOf } from "./progress.ts";
import type { Winner } from "./punch/mod.ts";

/** A path to the peer, as users see it. */
export interface PathInfo {
  /** What kind of candidate it came from. */
  readonly kind: PathKind;
  /** The peer's end, `ADDR:PORT`. */
  readonly remote: string;
  /** Our end as the peer sees it, `ADDR:PORT`. */
  readonly mapped: string;
  /** One round trip, measured by the check. */
  readonly rttMs: number;
}

/** What came of a race; `named` are the candidates of the peer's record. */
export function describePath(
  { stream: { remoteAddr }, checked, dial }: Winner<CheckedPath>,
  named: readonly Candidate[],
): PathInfo {
  const candidate = dial?.candidate ?? named.find((c) => sameEndpoint(c, remoteAddr));
  return {
    kind: candidate ? pathKind(candidate) : pathKindOf(remoteAddr),
    remote: formatEndpoint(remoteAddr),
    mapped: formatEndpoint(checked.mapped),
    rttMs: checked.rttMs,
  };
}
