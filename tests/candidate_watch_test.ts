import { assertEquals } from "@std/assert";
import type { LocalCandidates } from "../lib/candidates/mod.ts";
import { keyOf, watchCandidates } from "../lib/_candidate_watch.ts";
import type { Publication } from "../lib/discovery/mod.ts";
import { natOf } from "../lib/nat.ts";
import type { Progress } from "../lib/progress.ts";

function local(hostname: string): LocalCandidates {
  return { candidates: [{ kind: "host", hostname, port: 5 }], nat: natOf("open"), interfaces: [] };
}

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
