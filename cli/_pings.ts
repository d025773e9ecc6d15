import type { PathInfo } from "../lib/connect.ts";
import type { JsonEvent } from "./_output.ts";

/** How some pings went. */
export interface Pings {
  readonly sent: number;
  /** Of those that came back. */
  readonly ms: readonly number[];
}

/** The last line of `skip ping`, for a person and for a script. */
export function summarize(
  { sent, ms }: Pings,
  { kind, remote }: PathInfo,
): { line: string; event: JsonEvent } {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (part: number) => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
    return value === undefined ? undefined : Math.round(value * 10) / 10;
  };
  const [minMs, medianMs, p95Ms] = [at(0), at(0.5), at(0.95)];
  const times = minMs === undefined ? "" : `; min ${minMs}, median ${medianMs}, p95 ${p95Ms} ms`;
  const lost = sent === 0 ? 0 : (sent - ms.length) / sent;
  return {
    line: `${ms.length} of ${sent} came back, ${
      Math.round(100 * lost)
    } % lost${times}; path ${remote} (${kind})`,
    event: {
      ...{ type: "ping", sent, received: ms.length, kind, remote },
      ...(minMs === undefined ? {} : { minMs, medianMs, p95Ms }),
    },
  };
}
