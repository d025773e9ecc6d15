/** Far more turns than any chain of promises takes that waits for nothing but itself. */
const MICROTASKS = 64;
/** What the system does on other threads, such as cryptography and files, is done by then. */
const PATIENCE_MS = 20_000;

/** The outcome of `work`. Rejects if it never ends: nothing more will come that it could wait for. */
export async function settles<T>(work: Promise<T>): Promise<T> {
  let isOver = false;
  const end = () => isOver = true;
  work.then(end, end);
  for (let n = 0; n < MICROTASKS && !isOver; n++) await undefined;
  for (const start = performance.now(); !isOver;) {
    if (performance.now() - start > PATIENCE_MS) throw new Error("It waits for ever");
    await new Promise((resolve) => setImmediate(resolve));
  }
  return await work;
}

/** What `work` rejects with, if it does. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await settles(work);
    return undefined;
  } catch (error) {
    return error;
  }
}
