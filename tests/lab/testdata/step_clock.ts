/**
 * Preloaded into a process whose wall clock a test sets: `step_clock.ts?days=N` is N days off from the start, SIGUSR1 sets it a
 * day ahead, SIGUSR2 a day back. Timers go on as they do when a machine's clock is set.
 *
 * The clock of the runtime itself, which certificates are judged by, stays as it is: Linux has no namespace for it.
 *
 * @module
 */
const DAY_MS = 24 * 60 * 60_000;
const True = Date;
let offsetMs = Number(new URL(import.meta.url).searchParams.get("days") ?? 0) * DAY_MS;

globalThis.Date = new Proxy(True, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length > 0 ? args : [True.now() + offsetMs], newTarget),
  get: (target, key) => key === "now" ? () => True.now() + offsetMs : Reflect.get(target, key),
});
Deno.addSignalListener("SIGUSR1", () => offsetMs += DAY_MS);
Deno.addSignalListener("SIGUSR2", () => offsetMs -= DAY_MS);
