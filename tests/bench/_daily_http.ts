/**
 * Requests through `skip serve PORT` and `skip forward`, against the same server asked directly; and through each part of the
 * way alone.
 *
 * @module
 */
import { startChain, startForward, startServer } from "./_chain.ts";
import type { BarePorts } from "./_bare_server.ts";
import { type Hop, type HopAddress, HOPS } from "./_hop.ts";
import { ownLoopback } from "./_loopback.ts";
import { usage } from "./_process.ts";
import { startProgram } from "./_program.ts";
import { load, type LoadFigures } from "./_wrk.ts";

/** As many as the figure is promised for. */
const MANY = 64;
const SECONDS = 6;
const WARM_UP_SECONDS = 4;

/** What was seen in each round, one way and the other. */
export interface HttpFigures {
  readonly bare: readonly LoadFigures[];
  readonly through: readonly LoadFigures[];
  /** With one connection, on which nothing waits for anything else. */
  readonly bareAlone: readonly LoadFigures[];
  readonly throughAlone: readonly LoadFigures[];
}

/** The same server by both ways in turn, so that both see the same machine. */
export async function measureHttp(rounds: number): Promise<HttpFigures> {
  await using chain = await startChain();
  const ways = {
    bare: { url: urlOf(chain.bare.http), connections: MANY },
    through: { url: urlOf(chain.through.http), connections: MANY },
    bareAlone: { url: urlOf(chain.bare.http), connections: 1 },
    throughAlone: { url: urlOf(chain.through.http), connections: 1 },
  };
  return await inRounds(ways, rounds);
}

/** What was seen through one part of the way. */
export interface HopFigures extends LoadFigures {
  /** Processor time that each request took in the processes of that part, the server's own not counted but where it is alone. */
  readonly cpuMs: number;
}

/** Each part of the way, by its name; `none` is the server alone. */
export async function measureHops(rounds: number): Promise<Record<Hop | "none" | "all", HopFigures[]>> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startServer());
  const { http } = (await server.lines.next()).value as BarePorts;
  const ways: Record<string, Way> = {
    none: { url: urlOf(http), connections: MANY, pids: [server.pid] },
  };
  for (const hop of HOPS) {
    const program = stack.use(
      await startProgram(await ownLoopback(), new URL("./_hop.ts", import.meta.url), hop, `${http}`),
    );
    const address = (await program.lines.next()).value as HopAddress;
    const forward = "port" in address ? [] : [stack.use(await startForward(address))];
    const { port } = "port" in address ? address : forward[0]!;
    ways[hop] = {
      url: urlOf(port),
      connections: MANY,
      pids: [program.pid, ...forward.map(({ pid }) => pid)],
    };
  }
  const chain = stack.use(await startChain());
  ways.all = { url: urlOf(chain.through.http), connections: MANY, pids: [chain.pids.serve, chain.pids.http] };
  return await inRounds(ways as Record<Hop | "none" | "all", Way>, rounds);
}

interface Way {
  readonly url: string;
  readonly connections: number;
  /** The processes that are counted. @default none */
  readonly pids?: readonly number[];
}

async function inRounds<Name extends string>(
  ways: Readonly<Record<Name, Way>>,
  rounds: number,
): Promise<Record<Name, HopFigures[]>> {
  const all = Object.entries(ways) as [Name, Way][];
  const figures = Object.fromEntries(all.map(([name]) => [name, []])) as unknown as Record<
    Name,
    HopFigures[]
  >;
  for (const [, { url, connections }] of all) await load(url, { connections, seconds: WARM_UP_SECONDS });
  for (let round = 0; round < rounds; round++) {
    for (const [name, { url, connections, pids = [] }] of all) {
      const before = await cpuSeconds(pids);
      const seen = await load(url, { connections, seconds: SECONDS });
      const cpuMs = (await cpuSeconds(pids) - before) * 1000 / (seen.requestsPerSecond * SECONDS);
      figures[name].push({ ...seen, cpuMs });
    }
  }
  return figures;
}

async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const all = await Promise.all(pids.map(usage));
  return all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}/`;
}
