import { assertEquals } from "@std/assert";
import type { LocalCandidates } from "../lib/candidates/mod.ts";
import { keyOf, watchCandidates } from "../lib/_candidate_watch.ts";
import type { Publication } from "../lib/discovery/mod.ts";
import { natOf } from "../lib/nat.ts";
import type { Progress } from "../lib/progress.ts";

function local(hostname: string): LocalCandidates {
  return { candidates: [{ kind: "host", hostname, port: 5 }], nat: natOf("open"), interfaces: [] };
}

Deno.test("watchCandidates() has servers look at once, and publishes what that changes, until it is over", async () => {
  let [now, updates] = [local("192.168.1.2"), 0];
  const looked = Promise.withResolvers<boolean>();
  const watch = () =>
    watchCandidates({
      ...{ gather: () => now, look: () => looked.promise, report: () => {} },
      publication: { update: () => updates++ } as unknown as Publication,
      published: () => keyOf(local("192.168.1.2")),
    });
  using _ = watch();
  watch()[Symbol.dispose]();
  now = local("192.168.1.3");
  looked.resolve(true);
  await looked.promise;
  assertEquals(updates, 1);
});

Deno.test("watchCandidates() publishes what is not what was published, and tells it once", () => {
  const events: Progress[] = [];
  let updates = 0;
  const watch = (published: string) =>
    watchCandidates({
      gather: () => local("192.168.1.2"),
      look: () => Promise.resolve(false),
      publication: { update: () => updates++ } as unknown as Publication,
      published: () => published,
      report: (event) => events.push(event),
    })[Symbol.dispose]();
  watch(keyOf(local("192.168.1.2")));
  assertEquals([updates, events.map((e) => e.type)], [0, ["candidates"]]);
  watch(keyOf(local("192.168.1.3")));
  assertEquals(updates, 1);
});
