/**
 * A DHT of real nodes on the public hosts of a lab.
 *
 * @module
 */
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import type { LabHost } from "./host.ts";
import type { Lab } from "./lab.ts";

const BASE_PORT = 6881;

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
}

/** Options of {@linkcode startDht}. */
export interface LabDhtOptions {
  /** Spread evenly over the public hosts, one process a host. @default {20} */
  readonly nodes?: number;
}

/** Starts the nodes and resolves once each has found its neighbours. */
export async function startDht(lab: Lab, { nodes = 20 }: LabDhtOptions = {}): Promise<LabDht> {
  const [first, ...others] = lab.hosts;
  if (!first) throw new RangeError("Cannot start a DHT: the lab has no public hosts");
  const share = (i: number) => Math.floor(nodes / lab.hosts.length) + (i < nodes % lab.hosts.length ? 1 : 0);
  const places = lab.hosts.map((host) => `${host.address}:${BASE_PORT}`);
  const bootstrap = places[0]!;
  const hosts = [await startHost(first, share(0), "none")];
  hosts.push(...await Promise.all(others.map((host, i) => startHost(host, share(i + 1), bootstrap))));
  await Promise.all(hosts.map((host) => host.settle()));
  return {
    bootstrap,
    places,
    nodes,
    kill: (n) => hosts[n]!.kill(),
    async [Symbol.asyncDispose]() {
      await Promise.all(hosts.map((host) => host.stop()));
    },
  };
}

interface RunningHost {
  /** Lets its nodes look around again, now that all others are there. */
  settle(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

async function startHost(host: LabHost, nodes: number, bootstrap: string): Promise<RunningHost> {
  const script = new URL("dht_host.ts", import.meta.url).pathname;
  const args = [
    "run",
    "--quiet",
    "-A",
    ...await runFlags(),
    script,
    host.address,
    `${BASE_PORT}`,
    `${nodes}`,
    bootstrap,
  ];
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
