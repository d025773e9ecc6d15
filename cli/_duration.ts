import { UsageError } from "./_exit.ts";

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const MAX_DAYS = 366;

/** Reads a duration such as `90s`, `30m`, `12h` or `7d`, in milliseconds. Throws {@linkcode UsageError} that names the flag. */
export function readDuration(flag: string, text: string): number {
  const [, number = "", unit = ""] = text.match(/^(\d{1,9})([smhd])$/) ?? [];
  const ms = Number(number) * (UNITS_MS[unit] ?? NaN);
  if (ms > 0 && ms <= MAX_DAYS * UNITS_MS.d!) return ms;
  throw new UsageError(
    `--${flag} is not valid: "${text}"`,
    `Give --${flag} a number and a unit, like 90s, 30m, 12h or 7d: at most ${MAX_DAYS}d.`,
  );
}
