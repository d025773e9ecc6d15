/**
 * The nodes of one host: `dht_host.ts BOOTSTRAP ADDRESS:PORT...`. Says `ready`, then `settled` for each line of
 * input, and ends with its input.
 *
 * @module
 */
import { lines } from "../../cli/_lines.ts";
import { DhtNode } from "../../lib/discovery/node.ts";
import { parseHostPort } from "../../lib/endpoint.ts";

const [bootstrap, ...places] = Deno.args as [string, string, ...string[]];

async function say(text: string) {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}

// The very first node has nobody; whoever sits beside it has it.
const known = parseHostPort(bootstrap === "none" ? places[0] : bootstrap);
const nodes: DhtNode[] = [];
for (const [i, { hostname, port }] of places.map(parseHostPort).entries()) {
  const isFirst = bootstrap === "none" && i === 0;
  nodes.push(await DhtNode.open({ hostname, port, bootstrap: isFirst ? [] : [known], readOnly: false }));
}
await Promise.all(nodes.map((node) => node.online()));
await say("ready");
for await (const _ of lines(Deno.stdin.readable)) {
  await Promise.all(nodes.map((node) => node.walk("get", node.id)));
  await say("settled");
}
await Promise.all(nodes.map((node) => node.close()));
