// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * `deno task bench [PART…]`: the numbers of README.md and docs/NUMBERS.md, measured on this machine.
 *
 * @module
 */
import { labUnavailable } from "../lab/mod.ts";
import { benchAttacks } from "./attacks.ts";
import { benchBirthday } from "./birthday.ts";
import { benchConnect } from "./connect.ts";
import { benchIdle } from "./idle.ts";
import { benchMany } from "./many.ts";
import { benchStart } from "./start.ts";
import { benchTunnel } from "./tunnel.ts";

const RUNS = 20;
const ROUNDS = 40;

const PARTS: Readonly<Record<string, { title: string; lab: boolean; run: () => Promise<string> }>> = {
  idle: { title: "An idle serving peer", lab: true, run: benchIdle },
  connect: { title: "Connecting, 50 ms RTT, DHT of 20 nodes", lab: true, run: () => benchConnect(RUNS) },
  birthday: { title: "Volleys of different sizes, 50 ms RTT", lab: true, run: () => benchBirthday(ROUNDS) },
  tunnel: { title: "The whole path on loopback against native wss", lab: false, run: benchTunnel },
  many: { title: "A thousand connected peers", lab: true, run: benchMany },
  attacks: { title: "An honest peer during attacks", lab: false, run: benchAttacks },
  start: { title: "skip --version, from start to end", lab: false, run: () => benchStart(RUNS) },
};

const wanted = Deno.args.length > 0 ? Deno.args : Object.keys(PARTS);
const unknown = wanted.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}": choose from ${Object.keys(PARTS).join(", ")}`);
  Deno.exit(2);
}
const reason = labUnavailable();
// The idle peer needs minutes in which nothing happens: it has them in the background.
const idle = wanted.includes("idle") && reason === undefined ? PARTS.idle!.run() : undefined;
for (const name of wanted) {
  if (name === "idle") continue;
  const part = PARTS[name]!;
  console.log(`\n## ${part.title}\n`);
  console.log(part.lab && reason !== undefined ? `skipped: ${reason}` : await part.run());
}
if (wanted.includes("idle")) {
  console.log(`\n## ${PARTS.idle!.title}\n\n${await idle ?? `skipped: ${reason}`}`);
}
