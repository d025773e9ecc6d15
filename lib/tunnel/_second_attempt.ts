/** Something that is being opened over a path. */
export interface Attempt<T> {
  /** Resolves once the path is there. */
  readonly opened: Promise<void>;
  /** What comes of it. */
  readonly result: Promise<T>;
  /** Once it has failed: whether its path broke before the peer had heard what is wanted. */
  readonly isUnheard: () => boolean;
}

/** Options of {@linkcode withSecondAttempt}. */
export interface SecondAttemptOptions<T> {
  /** Begins one; `signal` ends it. */
  readonly begin: (signal: AbortSignal) => Attempt<T>;
  /** How long nothing may come of a path that is there. */
  readonly silenceMs: number;
  /** Gets rid of what came second. */
  readonly discard: (late: T) => void;
  /** Ends both. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens something over a path, and over another one beside it once the first has brought nothing for a while: it may have died,
 * as when a router forgot it, or the service may just be slow. Whichever is first counts. Where the first breaks before the peer
 * has heard of it, the other one takes its place at once. Rejects like the first attempt.
 */
export async function withSecondAttempt<T>(options: SecondAttemptOptions<T>): Promise<T> {
  const { begin, silenceMs, discard } = options;
  const over = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, over.signal]) : over.signal;
  const first = begin(signal);
  const isSilent = await staysSilent(first, silenceMs);
  if (!isSilent && !await isBroken(first)) return await first.result;
  const results = [first.result, begin(signal).result];
  let won: T | undefined;
  try {
    return won = await Promise.any(results);
  } catch {
    return await first.result;
  } finally {
    over.abort(new DOMException("Another path was faster", "AbortError"));
    for (const result of results) result.then((late) => late !== won && discard(late), () => {});
  }
}

/** Whether nothing has come of a path for so long; not where the attempt is over before. */
async function staysSilent<T>({ opened, result }: Attempt<T>, silenceMs: number): Promise<boolean> {
  const over = result.then(() => false, () => false);
  if (await Promise.race([over, opened]) === false) return false;
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(true), silenceMs);
  return await Promise.race([over, late.promise]).finally(() => clearTimeout(timer));
}

async function isBroken<T>({ isUnheard, result }: Attempt<T>): Promise<boolean> {
  return await result.then(() => false, isUnheard);
}
