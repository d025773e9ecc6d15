/**
 * `deno task lab A B`: two networks on this machine, and a connection between them, by hand.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { duration } from "../../cli/_render.ts";
import { converse, startServing } from "../session.ts";
import { SkipProcess } from "../skip_process.ts";
import { numberReader, refuseUnknown, runTask } from "../task.ts";
import { timeline } from "../timeline.ts";
import { startDht } from "./dht.ts";
import { Lab, type LabHost, labUnavailable, NAT_TYPES, type NatType } from "./mod.ts";
import { isNatType } from "./nat.ts";
import { startNoise } from "./noise.ts";
import { type Behaviour, type NatReport, probeNat } from "./probe.ts";

const HELP = `One peer serves at A and one connects from B, on this machine alone (Linux, root)

Usage: deno task lab A B [options] [-- COMMAND ARGS...]

A and B are each one of: ${Object.keys(NAT_TYPES).join(", ")}

  --rtt MS     round trip between public addresses (default 50)
  --loss P     part of the packets that gets lost, 0 to 1 (default 0)
  --seed TEXT  decides which ones
  --noise N    a machine beside each peer opens N new TCP and N UDP flows a second
  --probe      see what both NATs do first
  --shell      keep the lab until Ctrl-C, with the DHT and the serving peer
  -- COMMAND   run it at A in place of the connection, with $LAB_A and $LAB_B (namespaces), $LAB_A_IP and $LAB_B_IP (public addresses)

Examples:
  deno task lab port cgnat
  deno task lab lan lan --rtt 100 --shell
  deno task lab port open --loss 0.05 -- sh -c 'ping -c 5 $LAB_B_IP'
`;

/** What cannot be done where the arguments make no sense. */
const ACTION = "make the lab";
const number = numberReader(ACTION);

interface Wish {
  readonly types: [NatType, NatType];
  readonly rttMs: number;
  readonly loss: number;
  readonly seed: string;
  readonly noise: number;
  readonly probe: boolean;
  readonly shell: boolean;
  readonly command: readonly string[];
}

/** Throws `SyntaxError` for what makes no lab; `null` asks for help. */
function parseWish(args: string[]): Wish | null {
  const parsed = parseArgs(args, {
    boolean: ["probe", "shell", "help"],
    string: ["rtt", "loss", "seed", "noise"],
    default: { rtt: "50", loss: "0", seed: "skip", noise: "0" },
    alias: { h: "help" },
    "--": true,
    unknown: (arg, key) => key === undefined || refuseUnknown(ACTION)(arg),
  });
  const [a, b, ...more] = parsed._.map(String);
  if (parsed.help || a === undefined || a === "help") return null;
  if (b === undefined || !isNatType(a) || !isNatType(b) || more.length > 0) {
    throw new SyntaxError(
      `Cannot ${ACTION}: name two known networks, current value is "${parsed._.join(" ")}"`,
    );
  }
  return {
    types: [a, b],
    rttMs: number("rtt", parsed.rtt, { min: 0, max: 60_000 }),
    loss: number("loss", parsed.loss, { min: 0, max: 1 }),
    seed: parsed.seed,
    noise: number("noise", parsed.noise, { min: 0, max: 1000 }),
    probe: parsed.probe,
    shell: parsed.shell,
    command: parsed["--"] ?? [],
  };
}

/** Lines about where a peer is. */
function describe(name: string, { nat, namespace, address, publicAddress, routers }: LabHost): string {
  const way = [...routers].reverse().map((router) => ` ─► ${router}`).join("");
  return `${name}  ${nat.padEnd(11)} ${namespace} ${address}${way} ─► WAN as ${publicAddress}\n`;
}

/** Lines about what a NAT does. */
function describeBehaviour(name: string, { udp, tcp }: NatReport): string {
  const line = (protocol: string, { independent, preserved, allocation, ...of }: Behaviour) =>
    [
      `${name}  ${protocol}  mapping ${independent ? "independent" : "dependent"}`,
      `port ${
        preserved ? "preserved" : `changed to ${independent ? allocation.ports[0] : allocation.ports}`
      }`,
      `unasked ${of.unasked}`,
      `contacted ${of.contacted}`,
      `same address ${of.sameAddress}`,
      `stranger ${of.stranger}`,
    ].join(" · ") + "\n";
  return line("udp", udp) + line("tcp", tcp);
}

async function runAtA(a: LabHost, b: LabHost, [command, ...args]: readonly string[]): Promise<number> {
  const env = {
    LAB_A: a.namespace,
    LAB_B: b.namespace,
    LAB_A_IP: a.publicAddress,
    LAB_B_IP: b.publicAddress,
  };
  return (await a.spawn(command!, args, { env, stdin: "inherit" }).status).code;
}

/** Serves at `a` and connects from `b`; shows what both went through. Gives the exit code. */
async function connectAndShow(server: SkipProcess & { id: string }, b: LabHost, bootstrap: string) {
  const start = performance.now();
  await using client = await SkipProcess.start(["connect", server.id, "--bootstrap", bootstrap], b);
  const opened = await client.event("open").then(() => performance.now() - start, () => undefined);
  const lost = opened === undefined ? [] : await converse(server, client, ["hello", "grüße 👋"]);
  await client.endInput().catch(() => {}); // it may have ended by itself
  await client.ended;
  say(`\n${timeline("A, serving", server.events)}\n${timeline("B, connecting", client.events)}\n`);
  if (opened === undefined) say("No connection.\n");
  else {
    say(`An open WebSocket ${duration(opened)} after the start of skip connect; `);
    say(lost.length === 0 ? "all messages arrived.\n" : `lost: ${lost.join(", ")}\n`);
  }
  return opened !== undefined && lost.length === 0 ? 0 : 1;
}

/** Resolves at Ctrl-C. */
async function interrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGINT", resolve);
  await promise;
  Deno.removeSignalListener("SIGINT", resolve);
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

async function probe(lab: Lab, a: LabHost, b: LabHost): Promise<void> {
  say(describeBehaviour("A", await probeNat(lab, a)));
  say(describeBehaviour("B", await probeNat(lab, b)));
}

async function addNoise(stack: AsyncDisposableStack, lab: Lab, peer: LabHost, noise: number): Promise<void> {
  if (peer.routers.length === 0 || peer.nat === "firewall") {
    return say(`no noise beside "${peer.nat}": it has no LAN\n`);
  }
  stack.use(await startNoise(lab, peer, noise));
}

async function run({ types, command, ...options }: Wish): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const lab = stack.use(await Lab.create(options));
  const [a, b] = await lab.pair(...types);
  say(describe("A", a) + describe("B", b));
  say(`hosts ${lab.hosts.map((host) => host.address).join(" ")}\n`);
  if (options.noise > 0) { for (const peer of [a, b]) await addNoise(stack, lab, peer, options.noise); }
  if (options.probe) await probe(lab, a, b);
  let code: number;
  if (command.length > 0) code = await runAtA(a, b, command);
  else {
    const { bootstrap, nodes } = stack.use(
      await startDht(lab, { dnsPort: types.includes("egress") }),
    );
    say(`a DHT of ${nodes} nodes at ${bootstrap} and around it\n`);
    const server = stack.use(await startServing({ bootstrap, serving: a }));
    code = await connectAndShow(server, b, bootstrap);
    say(`\n${(await server.event("ready")).command}\n`);
  }
  if (options.shell) {
    say(`\nip netns exec ${a.namespace} bash\nip netns exec ${b.namespace} bash\nCtrl-C removes the lab\n`);
    await interrupted();
  }
  return code;
}

async function main(args: string[]): Promise<number> {
  const wish = parseWish(args);
  if (wish === null) {
    say(HELP);
    return 0;
  }
  const unavailable = labUnavailable();
  if (unavailable === undefined) return await run(wish);
  say(`Cannot ${ACTION}: ${unavailable}\n`);
  return 1;
}

if (import.meta.main) await runTask("lab", main);
