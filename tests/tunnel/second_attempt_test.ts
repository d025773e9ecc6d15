import { assertEquals, assertRejects } from "@std/assert";
import { withSecondAttempt } from "../../lib/tunnel/_second_attempt.ts";

/** Attempts that the test ends by hand. */
function attempts(
  { silenceMs, isUnheard = false, signal }: { silenceMs: number; isUnheard?: boolean; signal?: AbortSignal },
) {
  const begun: (PromiseWithResolvers<string> & { open(): void; signal: AbortSignal })[] = [];
  const waiting: (() => void)[] = [];
  const discarded: string[] = [];
  const result = withSecondAttempt<string>({
    ...{ silenceMs, signal },
    discard: (late) => discarded.push(late),
    begin(signal) {
      const [outcome, opened] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
      signal.addEventListener("abort", () => outcome.reject(signal.reason));
      begun.push({ ...outcome, signal, open: opened.resolve });
      waiting.splice(0).forEach((wake) => wake());
      return { opened: opened.promise, result: outcome.promise, isUnheard: () => isUnheard };
    },
  });
  result.catch(() => {});
  const second = async () => {
    while (begun.length < 2) await new Promise<void>((wake) => waiting.push(wake));
    return begun[1]!;
  };
  return { result, begun, second, discarded };
}

Deno.test("withSecondAttempt() begins one alone where something comes of it, good or bad", async () => {
  for (const isGood of [true, false]) {
    const { begun, result } = attempts({ silenceMs: 60_000 });
    begun[0]!.open();
    if (isGood) begun[0]!.resolve("first");
    else begun[0]!.reject(new Error("refused"));
    if (isGood) assertEquals(await result, "first");
    else await assertRejects(() => result, Error, "refused");
    assertEquals(begun.length, 1);
  }
});

Deno.test("withSecondAttempt() begins another one beside a path that stays silent, and takes what comes first", async () => {
  for (const winner of [0, 1]) {
    const { begun, result, second } = attempts({ silenceMs: 1 });
    begun[0]!.open();
    await second();
    begun[winner]!.resolve(`attempt ${winner}`);
    assertEquals(await result, `attempt ${winner}`);
    assertEquals(begun[1 - winner]!.signal.aborted, true);
  }
});

Deno.test("withSecondAttempt() begins another one at once where the first broke before the peer had heard of it, and no third", async () => {
  for (const isGood of [true, false]) {
    const { begun, result, second } = attempts({ silenceMs: 60_000, isUnheard: true });
    begun[0]!.open();
    begun[0]!.reject(new Error("first"));
    const { resolve, reject } = await second();
    if (isGood) resolve("second");
    else reject(new Error("second"));
    if (isGood) assertEquals(await result, "second");
    else await assertRejects(() => result, Error, "first");
    assertEquals(begun.length, 2);
  }
});

Deno.test("withSecondAttempt() gets rid of what comes second all the same", async () => {
  const { begun, result, second, discarded } = attempts({ silenceMs: 1 });
  begun[0]!.open();
  (await second()).resolve("second");
  begun[0]!.resolve("first");
  const won = await result;
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([won, ...discarded].sort(), ["first", "second"]);
});

Deno.test("withSecondAttempt() rejects like the first attempt where both fail, and with the signal's reason", async () => {
  const { begun, result, second } = attempts({ silenceMs: 1 });
  begun[0]!.open();
  (await second()).reject(new Error("second"));
  begun[0]!.reject(new Error("first"));
  await assertRejects(() => result, Error, "first");
  const over = new AbortController();
  const aborted = attempts({ silenceMs: 1, signal: over.signal });
  over.abort(new Error("enough"));
  await assertRejects(() => aborted.result, Error, "enough");
});
