/**
 * Preloaded into every program that a task starts: ends it when the task's own process was killed without a chance
 * to pass the signal on (SIGKILL), so that nothing serves on unseen.
 */
const POLL_MS = 1_000;
/** As a shell reports a process that ended with its terminal: 128 + SIGHUP. */
const ORPHANED_EXIT_CODE = 129;

const parent = Deno.ppid;
const timer = setInterval(() => {
  if (Deno.ppid !== parent) Deno.exit(ORPHANED_EXIT_CODE);
}, POLL_MS);
Deno.unrefTimer(timer);
