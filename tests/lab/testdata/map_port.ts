/**
 * Has the router map a port until its standard input ends: `map_port.ts PUBLIC_ADDRESS RENEW_MS`. Listens there, and prints a
 * line of JSON when it listens, at each change of the mapping, when all protocols have been tried, and when the mapping has been
 * removed.
 *
 * @module
 */
import { openPortMapping } from "../../../lib/candidates/port_mapping/mod.ts";

const [publicAddress, renewMs] = Deno.args;
const startMs = performance.now();

function print(type: string, facts: Record<string, unknown> = {}): void {
  const line = JSON.stringify({ type, ms: Math.round(performance.now() - startMs), ...facts });
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
const accepting = (async () => {
  for await (const conn of listener) conn.close();
})();
const { port } = listener.addr;
print("listening", { port });
const mapping = openPortMapping({
  port,
  publicAddress: () => publicAddress,
  renewMs: Number(renewMs),
  onChange: () => print("changed", { mapped: mapping.mapped, states: mapping.states }),
  onSettled: () => print("settled", { mapped: mapping.mapped, states: mapping.states }),
});
for await (const _ of Deno.stdin.readable);
const endMs = performance.now();
await mapping[Symbol.asyncDispose]();
print("removed", { took: Math.round(performance.now() - endMs) });
listener.close();
await accepting;
