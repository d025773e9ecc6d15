import { assert, assertEquals } from "@std/assert";
import type { Candidate } from "../../lib/endpoint.ts";
import type { MappingState } from "../../lib/candidates/mod.ts";
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { jsonLines } from "../json_lines.ts";
import { Agent } from "./agent.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost, type NatType } from "./mod.ts";
import { rebootRouter } from "./upnp.ts";

/** A line of `testdata/map_port.ts`. */
interface Line {
  readonly type: "listening" | "changed" | "settled" | "removed";
  /** Since the start. */
  readonly ms: number;
  readonly port?: number;
  readonly mapped?: Candidate;
  readonly states?: readonly MappingState[];
  /** How long the removal took. */
  readonly took?: number;
}

/** A process in a peer's network that keeps its port mapped. */
class Mapper implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<Line>;
  readonly #stderr: Promise<string>;
  port = 0;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#lines = jsonLines(child.stdout);
    this.#stderr = new Response(child.stderr).text();
  }

  static async start(peer: LabHost, renewMs = 60_000): Promise<Mapper> {
    const script = new URL("testdata/map_port.ts", import.meta.url).pathname;
    const args = ["run", "--quiet", "-A", ...await runFlags(), script, peer.publicAddress, `${renewMs}`];
    const piped = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    const mapper = new Mapper(peer.spawn(Deno.execPath(), args, { cwd: ROOT, ...piped }));
    mapper.port = (await mapper.next("listening")).port!;
    return mapper;
  }

  /** The next line of that type. */
  async next(type: Line["type"]): Promise<Line> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`Cannot map a port: ${await this.#stderr}`);
      if (value.type === type) return value;
    }
  }

  /** Has it remove the mapping and end. */
  async end(): Promise<Line> {
    await this.#child.stdin.close();
    return await this.next("removed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close().catch(() => {});
    while (!(await this.#lines.next()).done);
    await this.#child.status;
    await this.#stderr;
  }
}

/** What a stranger's SYN to the peer's public address gets. */
async function stranger(lab: Lab, peer: LabHost, port: number, timeoutMs = 1000): Promise<string> {
  await using outside = new Agent(lab.hosts[0]!);
  const to = [peer.publicAddress, port] as const;
  return (await outside.call("dial", { port: 0, to, timeoutMs, insist: false })).outcome;
}

/** The mappings in the rules of the router before the peer. */
async function mappingsAt(peer: LabHost): Promise<number> {
  const router = peer.routers.at(-1)!;
  const args = [`--net=/run/netns/${router}`, "nft", "list", "chain", "inet", "upnp", "prerouting_miniupnpd"];
  const { stdout } = await new Deno.Command("nsenter", { args }).output();
  return new TextDecoder().decode(stdout).matchAll(/\bdnat\b/g).toArray().length;
}

function protocolsIn(states: readonly MappingState[], state: MappingState["state"]): string[] {
  return states.filter((one) => one.state === state).map(({ protocol }) => protocol);
}

const MAPPED: readonly (readonly [NatType, MappingState["protocol"]])[] = [
  ["upnp", "pcp"],
  ["upnp-pcp", "pcp"],
  ["upnp-natpmp", "nat-pmp"],
  ["upnp-igd", "upnp"],
];

labTest(
  "openPortMapping() maps by whatever the router knows; strangers get in until it is disposed of",
  async (t) => {
    await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
    for (const [type, protocol] of MAPPED) {
      await t.step(`${type}: ${protocol}`, async () => {
        const peer = await lab.peer(type);
        await using mapper = await Mapper.start(peer);
        const { port } = mapper;
        const { mapped, states } = await mapper.next("settled");
        assertEquals(mapped, { kind: "mapped", hostname: peer.publicAddress, port });
        assertEquals(protocolsIn(states!, "mapped"), [protocol]);
        assertEquals(await mappingsAt(peer), 1);
        assertEquals(await stranger(lab, peer, port), "in");
        const { took } = await mapper.end();
        assert(took! < 1000, `${took} ms`);
        assertEquals(await mappingsAt(peer), 0);
        assertEquals(await stranger(lab, peer, port), "silence");
      });
    }
  },
);

labTest(
  "openPortMapping() has no use for a router behind a carrier's NAT, and leaves nothing there",
  async (t) => {
    await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
    const expected = { "upnp-cgnat": ["refused", "useless"], "upnp-squat": ["lying"] } as const;
    for (const [type, verdicts] of Object.entries(expected)) {
      await t.step(`${type}: ${verdicts.join(" or ")}`, async () => {
        const peer = await lab.peer(type as NatType);
        await using mapper = await Mapper.start(peer);
        const { mapped, states } = await mapper.next("settled");
        assertEquals(mapped, undefined);
        assertEquals(states!.map(({ protocol }) => protocol), ["pcp", "nat-pmp", "upnp"]);
        const others = states!.filter(({ state }) => !(verdicts as readonly string[]).includes(state));
        assertEquals(others, []);
        assertEquals(await mappingsAt(peer), 0);
        assertEquals(await stranger(lab, peer, mapper.port), "silence");
      });
    }
  },
);

labTest("openPortMapping() has a rebooted router map anew", async (t) => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  for (const [type, protocol] of MAPPED.slice(1)) {
    await t.step(`${type}: ${protocol}`, async () => {
      const peer = await lab.peer(type);
      await using mapper = await Mapper.start(peer, 200);
      await mapper.next("settled");
      await rebootRouter(peer);
      // The SYN is resent after 1, 3 and 7 s: one of them finds the mapping again.
      assertEquals(await stranger(lab, peer, mapper.port, 15_000), "in");
      await mapper.end();
      assertEquals(await mappingsAt(peer), 0);
    });
  }
});

labTest("openPortMapping() gives up where the router maps nothing, and ends at once", async () => {
  await using lab = await Lab.create({ rttMs: 20, hosts: 1 });
  const peer = await lab.peer("port");
  await using mapper = await Mapper.start(peer);
  const { mapped, states } = await mapper.next("settled");
  assertEquals(mapped, undefined);
  assertEquals(protocolsIn(states!, "silent"), ["pcp", "nat-pmp", "upnp"]);
  assertEquals((await mapper.end()).took! < 1000, true);
});
