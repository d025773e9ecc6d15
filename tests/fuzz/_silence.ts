const METHODS = ["debug", "error", "info", "log", "trace", "warn"];

/** The console of this thread, taken away. */
export interface Silence extends Disposable {
  /** What would have been printed. */
  readonly words: readonly string[];
}

/** Takes down what is written to the console, and prints nothing of it, until it is disposed of. */
export function silence(): Silence {
  const methods = console as unknown as Record<string, unknown>;
  const before = { ...methods };
  const words: string[] = [];
  for (const name of METHODS) {
    methods[name] = (...said: unknown[]) => void words.push(`console.${name}: ${said.join(" ")}`);
  }
  return { words, [Symbol.dispose]: () => void Object.assign(methods, before) };
}
