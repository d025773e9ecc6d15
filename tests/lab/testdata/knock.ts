/**
 * Knocks at a serving peer with whatever it is told to say: `knock.ts BOOTSTRAP ID COUNT CONTENT`, where CONTENT is JSON with
 * `port`, `candidates`, `nat` in its text form, and `ports`. With a COUNT beyond 1 it does so from as many ports, counting up
 * from `port`. Prints the number of acknowledgements in all.
 *
 * @module
 */
import { openDiscovery } from "../../../lib/discovery/mod.ts";
import { parseHostPort } from "../../../lib/endpoint.ts";
import { generateIdentity, parsePeerId } from "../../../lib/identity/mod.ts";
import { parseNat } from "../../../lib/nat.ts";

const [bootstrap, id, count, json] = Deno.args as [string, string, string, string];
const content = JSON.parse(json);
/** Knocks under way at once. */
const AT_ONCE = 250;

await using discovery = await openDiscovery({ bootstrap: [parseHostPort(bootstrap)] });
const resolution = await discovery.resolve(parsePeerId(id).publicKey);
const identity = generateIdentity();
let acknowledgements = 0;
for (let done = 0; done < Number(count); done += AT_ONCE) {
  const some = Array.from({ length: Math.min(AT_ONCE, Number(count) - done) }, (_, i) => {
    const said = { ...content, port: content.port + done + i, nat: parseNat(content.nat)! };
    return discovery.knock(resolution, said, { identity, signal: AbortSignal.timeout(20_000) });
  });
  for (const outcome of await Promise.allSettled(some)) {
    if (outcome.status === "fulfilled") acknowledgements += outcome.value;
  }
}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(acknowledgements)));
