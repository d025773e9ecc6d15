/**
 * Looks for observers in the DHT: `find_observers.ts BOOTSTRAP COUNT`. Walks until it has found as many, and prints them; gives
 * up after a minute, which a machine that does much else may need.
 *
 * @module
 */
import { delay } from "@std/async";
import { SYSTEM_CLOCK } from "../../../lib/discovery/clock.ts";
import { DhtNode } from "../../../lib/discovery/node.ts";
import { findObservers } from "../../../lib/discovery/observers.ts";
import { formatEndpoint, parseHostPort } from "../../../lib/endpoint.ts";

const [bootstrap, count] = Deno.args as [string, string];
const signal = AbortSignal.timeout(60_000);
await using dht = await DhtNode.open({ bootstrap: [parseHostPort(bootstrap)], readOnly: true });
await dht.online({ signal });
for (;;) {
  const found = (await findObservers({ dht, clock: SYSTEM_CLOCK, signal })).map(formatEndpoint);
  if (found.length >= Number(count)) {
    await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(found)));
    break;
  }
  await delay(200, { signal });
}
