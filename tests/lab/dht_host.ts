/**
 * The nodes of one host: `dht_host.ts ADDRESS BASE_PORT COUNT BOOTSTRAP`. Says `ready`, then `settled` for each line of
 * input, and ends with its input.
 *
 * @module
 */
import { lines } from "../../cli/_lines.ts";
import { DhtNode } from "../../lib/discovery/node.ts";
import { parseHostPort } from "../../lib/endpoint.ts";

const [hostname, basePort, count, bootstrap] = Deno.args as [string, string, string, string];

async function say(text: string) {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}

const nodes: DhtNode[] = [];
const places = bootstrap === "none" ? [] : [parseHostPort(bootstrap)];
for (let i = 0; i < Number(count); i++) {
  const own = i === 0 || places.length > 0 ? places : [{ hostname, port: Number(basePort) }];
  nodes.push(await DhtNode.open({ hostname, port: Number(basePort) + i, bootstrap: own, readOnly: false }));
}
await Promise.all(nodes.map((node) => node.online()));
await say("ready");
for await (const _ of lines(Deno.stdin.readable)) {
  await Promise.all(nodes.map((node) => node.walk("get", node.id)));
  await say("settled");
}
await Promise.all(nodes.map((node) => node.close()));
