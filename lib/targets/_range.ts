/** Bytes of a file, the last one included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** More parts than a reader of documents asks for; whoever asks for more gets the whole. */
const MAX_RANGES = 16;
/** Long enough for them. */
const MAX_HEADER_CHARACTERS = 1000;

/**
 * Reads a `Range` header for a file of `size` bytes (RFC 9110 section 14.2). Gives the ranges in their order; `undefined` for a
 * header that is to be ignored: another unit, not valid, or too greedy; an empty list where no range can be satisfied.
 */
export function parseRange(header: string | null, size: number): readonly ByteRange[] | undefined {
  if (header === null || header.length > MAX_HEADER_CHARACTERS || size === 0) return undefined;
  const [, set] = header.match(/^bytes=(.+)$/i) ?? [];
  const parts = set?.split(",").map((part) => part.trim()).filter((part) => part !== "") ?? [];
  if (parts.length === 0 || parts.length > MAX_RANGES) return undefined;
  const ranges: ByteRange[] = [];
  for (const part of parts) {
    const range = parsePart(part, size);
    if (range === undefined) return undefined;
    if (range.first < size && range.first <= range.last) ranges.push(range);
  }
  return overlap(ranges) ? undefined : ranges;
}

/** One range, cut at the end of the file; `first` lies beyond the end where it cannot be satisfied. */
function parsePart(part: string, size: number): ByteRange | undefined {
  const [, from, to] = part.match(/^(\d*)\s*-\s*(\d*)$/) ?? [];
  if (from === undefined || to === undefined || from + to === "") return undefined;
  if (from === "") return { first: to === "0" ? size : Math.max(0, size - Number(to)), last: size - 1 };
  if (to !== "" && Number(to) < Number(from)) return undefined;
  return { first: Number(from), last: to === "" ? size - 1 : Math.min(Number(to), size - 1) };
}

/** Overlapping ranges ask for more than there is (RFC 9110 section 17.15). */
function overlap(ranges: readonly ByteRange[]): boolean {
  const sorted = [...ranges].sort((a, b) => a.first - b.first);
  return sorted.some(({ first }, at) => at > 0 && first <= sorted[at - 1]!.last);
}
