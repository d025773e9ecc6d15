import { Exit, Interrupted } from "./_exit.ts";

/** Ctrl-C, and what `kill` sends. Windows has the first alone. */
const SIGNALS: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

/** Aborts with {@linkcode Interrupted} at the first signal; the second one ends the process at once. */
export function interruptible(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) Deno.exit(Exit.interrupted);
    controller.abort(new Interrupted());
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, onSignal);
    },
  };
}

/** Rejects with the signal's reason once it has come, which may have been some time ago. */
export function untilInterrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
