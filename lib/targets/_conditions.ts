/** What a file's condition headers are compared with. */
export interface Validators {
  /** With its quotes. */
  readonly etag: string;
  /** In whole seconds, as HTTP dates are. */
  readonly lastModifiedMs: number;
}

/**
 * What a conditional request gets: `undefined` where it is to go on (RFC 9110 section 13.2.2).
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
 */
export function conditionalStatus(headers: Headers, validators: Validators): 304 | 412 | undefined {
  // Steps 1 and 2.
  const ifMatch = headers.get("if-match");
  if (ifMatch !== null) {
    if (!lists(ifMatch, validators.etag, { weak: false })) return 412;
  } else {
    const since = dateOf(headers.get("if-unmodified-since"));
    if (since !== undefined && validators.lastModifiedMs > since) return 412;
  }
  // Steps 3 and 4.
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) return lists(ifNoneMatch, validators.etag, { weak: true }) ? 304 : undefined;
  const since = dateOf(headers.get("if-modified-since"));
  return since !== undefined && validators.lastModifiedMs <= since ? 304 : undefined;
}

/** Step 5: whether a `Range` holds for the file as it is now (RFC 9110 section 13.1.5). */
export function rangeApplies(headers: Headers, { etag, lastModifiedMs }: Validators): boolean {
  const ifRange = headers.get("if-range");
  if (ifRange === null) return true;
  return /^(W\/)?"/.test(ifRange) ? ifRange.trim() === etag : dateOf(ifRange) === lastModifiedMs;
}

function lists(header: string, etag: string, { weak }: { weak: boolean }): boolean {
  if (header.trim() === "*") return true;
  const tags = header.match(/(W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => (weak ? tag.replace(/^W\//, "") : tag) === etag);
}

function dateOf(text: string | null): number | undefined {
  const ms = text === null ? NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
