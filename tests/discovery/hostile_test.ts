/** What hostile nodes of the DHT can do to two peers: 18 of 60 nodes, in simulated time, the same in every run. */
import { assert, assertEquals } from "@std/assert";
import { ATTACKS, meetings } from "./_attacks.ts";

for (const attack of ATTACKS) {
  Deno.test(`With 18 of 60 nodes hostile (${attack.name}) the newest record is found, and nobody else is dialled`, async () => {
    for (const meeting of await meetings(attack, 1, 1)) {
      const { dialledMs, knowsItself, strangers, version } = meeting;
      assertEquals({ version, strangers, knowsItself }, { version: 2, strangers: [], knowsItself: true });
      assert(dialledMs !== undefined, "whoever knocked is dialled");
    }
  });
}
