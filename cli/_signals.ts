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
