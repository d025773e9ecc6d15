/**
 * A DHT of real nodes on the public hosts of a lab.
 *
 * @module
 */
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { hostAlias } from "./addresses.ts";
import type { LabHost } from "./host.ts";
import type { Lab } from "./lab.ts";
import { runScript } from "./shell.ts";

const BASE_PORT = 6881;
const DNS_PORT = 53;

/** Nodes that run until it is closed. */
export interface LabDht extends AsyncDisposable {
  /** For `--bootstrap`: a node on the first host. */
  readonly bootstrap: string;
  /** A node on each host. */
  readonly places: readonly string[];
  /** How many. */
  readonly nodes: number;
  /** Kills all nodes on the `n`-th host; those of others are not told. */
  kill(n: number): Promise<void>;
  /** Starts the nodes on those hosts again, with nothing of what they knew; the first of them alone where no others live. */
  revive(...hosts: number[]): Promise<void>;
}

/** Options of {@linkcode startDht}. */
export interface LabDhtOptions {
  /** Spread evenly over the public hosts, one process a host. @default {20} */
  readonly nodes?: number;
  /**
   * Whether all nodes have port 53, each at an address of its own, so that `egress` peers reach them. Else they share
   * their host's address.
   *
   * @default {false}
   */
  readonly dnsPort?: boolean;
  /** On which. @default all */
  readonly hosts?: readonly LabHost[];
}

/** Starts the nodes and resolves once each has found its neighbours. */
export async function startDht(
  lab: Lab,
  { nodes = 20, dnsPort = false, hosts: chosen = lab.hosts }: LabDhtOptions = {},
): Promise<LabDht> {
  const [first, ...others] = chosen;
  if (!first) throw new RangeError("Cannot start a DHT: the lab has no public hosts");
  const placesOf = (host: LabHost, i: number) => {
    const share = Math.floor(nodes / chosen.length) + (i < nodes % chosen.length ? 1 : 0);
    return Array.from({ length: share }, (_, n) => dnsPort ? dnsPlace(host, n) : usualPlace(host, n));
  };
  if (dnsPort) await Promise.all(chosen.map((host, i) => addPlaces(lab, host, placesOf(host, i))));
  const bootstrap = `${placesOf(first, 0)[0]}`;
  const hosts = [await startHost(first, placesOf(first, 0), "none")];
  hosts.push(
    ...await Promise.all(others.map((host, i) => startHost(host, placesOf(host, i + 1), bootstrap))),
  );
  await Promise.all(hosts.map((host) => host.settle()));
  const places = chosen.map((host) => dnsPort ? dnsPlace(host, 0) : usualPlace(host, 0));
  const living = new Set(hosts.keys());
  const revive = async (n: number) => {
    const [known] = living;
    const at = known === undefined ? "none" : places[known]!;
    hosts[n] = await startHost(chosen[n]!, placesOf(chosen[n]!, n), at);
    living.add(n);
  };
  return {
    ...{ bootstrap, places, nodes },
    async kill(n) {
      if (living.delete(n)) await hosts[n]!.kill();
    },
    async revive(first, ...others) {
      if (first === undefined) return;
      await revive(first);
      await Promise.all(others.map(revive));
      await Promise.all([first, ...others].map((n) => hosts[n]!.settle()));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(hosts.map((host) => host.stop()));
    },
  };
}

function usualPlace({ address }: LabHost, n: number): string {
  return `${address}:${BASE_PORT + n}`;
}

function dnsPlace({ address }: LabHost, n: number): string {
  return `${n === 0 ? address : hostAlias(address, n)}:${DNS_PORT}`;
}

/** Gives a host the addresses of `places`, besides the one it has. */
async function addPlaces(lab: Lab, host: LabHost, places: readonly string[]): Promise<void> {
  const wan = `${lab.prefix}-wan`;
  const lines = places.slice(1).map((place) => place.split(":")[0]).map((address) =>
    `ip -n ${host.namespace} address add ${address}/32 dev eth0\nip -n ${wan} route add ${address}/32 dev $port\n`
  );
  const port = `port=$(ip -n ${wan} route show ${host.address} | sed 's/.* dev \\([^ ]*\\).*/\\1/')\n`;
  await runScript("give a host more addresses", port + lines.join(""));
}

interface RunningHost {
  /** Lets its nodes look around again, now that all others are there. */
  settle(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

async function startHost(host: LabHost, places: readonly string[], bootstrap: string): Promise<RunningHost> {
  const script = new URL("dht_host.ts", import.meta.url).pathname;
  const args = ["run", "--quiet", "-A", ...await runFlags(), script, bootstrap, ...places];
  const child = host.spawn(Deno.execPath(), args, { cwd: ROOT, stdin: "piped", stdout: "piped" });
  const input = child.stdin.getWriter();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const line = async () => {
    const { done } = await output.read();
    if (done) throw new Error(`the DHT nodes at ${host.address} ended`);
  };
  await line(); // ready
  return {
    async settle() {
      await input.write(new TextEncoder().encode("settle\n"));
      await line();
    },
    async kill() {
      child.kill("SIGKILL");
      await child.status;
    },
    async stop() {
      await input.close().catch(() => {});
      await output.cancel();
      await child.status;
    },
  };
}
