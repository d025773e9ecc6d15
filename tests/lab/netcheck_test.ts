/** `skip check` as a process in each kind of network, with serving peers on public hosts for observers. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startServing } from "../session.ts";
import { type Ending, SkipProcess } from "../skip_process.ts";
import { type LabDht, startDht } from "./dht.ts";
import type { LabHost } from "./host.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, NAT_TYPES, type NatType } from "./mod.ts";

/** What `skip check` must say. */
interface Expected {
  readonly line: RegExp;
  /** Absent where there is no NAT. */
  readonly hairpinning?: boolean;
  /** Where the machine has IPv6. */
  readonly ipv6?: { readonly reachable: boolean; readonly unasked?: string };
  /** What a router said to some protocol; absent where none knows any. */
  readonly mapping?: "mapped" | "refused" | "lying";
  /** Mapping and filtering. */
  readonly udp: RegExp;
  /** Whether it is up to chance under which of its router's addresses it is seen. @default {false} */
  readonly isPooled?: boolean;
}

const PORT: Expected = {
  line: /^skip1 preserving\/port\/silence$/,
  hairpinning: false,
  udp: /^preserving\/port$/,
};

/** Other ports than the one that it maps stay as closed as any. */
const MAPPING: Expected = { ...PORT, line: /^skip1 preserving\/port\/silence map$/ };

/** Ports of a symmetric NAT are its own affair: their form alone is expected. */
function symmetric(mapping: string): Expected {
  const line = new RegExp(`^skip1 ${mapping}/port/silence$`);
  return { line, hairpinning: false, udp: /^dependent\/port$/ };
}

const V6_RANDOM: Expected = {
  ...symmetric("random"),
  line: /^skip1 random\/port\/silence v6$/,
  ipv6: { reachable: true, unasked: "silence" },
};

const EXPECTED: Readonly<Record<NatType, Expected>> = {
  open: { line: /^skip1 open\/independent$/, udp: /^open\/independent$/ },
  fullcone: {
    ...PORT,
    line: /^skip1 preserving\/independent\/silence$/,
    udp: /^preserving\/independent$/,
  },
  addr: { ...PORT, line: /^skip1 preserving\/address\/silence$/, udp: /^preserving\/address$/ },
  port: PORT,
  "port-rst": { ...PORT, line: /^skip1 preserving\/port\/reset$/ },
  "port-icmp": { ...PORT, line: /^skip1 preserving\/port\/icmp$/ },
  "port-bare": { ...PORT, line: /^skip1 preserving\/port\/reset$/ },
  "port-noprsv": {
    ...PORT,
    line: /^skip1 independent\/port\/silence$/,
    udp: /^independent\/port$/,
  },
  "sym-seq": symmetric("sequential:\\d+\\+1@\\d+"),
  "sym-seq2": symmetric("sequential:\\d+\\+2@\\d+"),
  "sym-rand": symmetric("random"),
  "sym-block": symmetric("block:\\d+-\\d+"),
  "sym-addr": symmetric("random"),
  firewall: { line: /^skip1 open\/port\/silence$/, udp: /^open\/port$/ },
  cgnat: PORT,
  "cgnat-sym": symmetric("random"),
  // UDP to port 53 alone, where no node is.
  egress: {
    ...PORT,
    line: /^skip1 preserving\/port\/silence\/web$/,
    udp: /^unknown\/unknown$/,
  },
  lan: PORT,
  hairpin: { ...PORT, hairpinning: true },
  // So it is with UDP, whose sockets are tried once.
  pool: { ...PORT, udp: /^preserving\/(port|unknown)$/, isPooled: true },
  "pool-pair": PORT,
  // It is up to chance at which address the observer sees us: mostly soon at the one where it is to try.
  "pool-sym": {
    ...PORT,
    line: /^skip1 dependent\/(port|unknown)\/silence$/,
    udp: /^dependent\/(port|unknown)$/,
    isPooled: true,
  },
  lan2: PORT,
  dual: {
    ...PORT,
    line: /^skip1 preserving\/port\/silence v6$/,
    ipv6: { reachable: true, unasked: "silence" },
  },
  "v6-firewall": V6_RANDOM,
  "v6-firewall-rst": { ...V6_RANDOM, ipv6: { reachable: true, unasked: "reset" } },
  "dual-broken": { ...PORT, ipv6: { reachable: false } },
  upnp: { ...MAPPING, mapping: "mapped" },
  "upnp-igd": { ...MAPPING, mapping: "mapped" },
  "upnp-natpmp": { ...MAPPING, mapping: "mapped" },
  "upnp-pcp": { ...MAPPING, mapping: "mapped" },
  "upnp-cgnat": { ...PORT, mapping: "refused" },
  "upnp-squat": { ...PORT, mapping: "lying" },
};

/** Serving peers on public hosts, one of them where every network lets out to. */
async function startObservers(
  lab: Lab,
  { bootstrap }: LabDht,
  stack: AsyncDisposableStack,
): Promise<string[]> {
  const [first, second, third] = lab.hosts as [LabHost, LabHost, LabHost];
  const web = ["serve", "--ephemeral", "--port", "443", "--bootstrap", bootstrap];
  const servers: [LabHost, Promise<SkipProcess>][] = [
    [first, startServing({ bootstrap, serving: first })],
    [second, startServing({ bootstrap, serving: second })],
    [third, SkipProcess.start(web, third)],
  ];
  const addresses = await Promise.all(servers.map(async ([{ address, ipv6 }, starting]) => {
    const { port } = await stack.use(await starting).event("ready");
    return [`${address}:${port}`, ...(ipv6 ? [`[${ipv6}]:${port}`] : [])];
  }));
  return addresses.flat();
}

async function check(place: LabHost, ...args: string[]): Promise<Ending> {
  await using process = await SkipProcess.start(["check", ...args], place);
  return await process.ended;
}

labTest("skip check is right about every kind of network", async (t) => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab);
  await using stack = new AsyncDisposableStack();
  const observers = await startObservers(lab, dht, stack);
  const flags = ["--bootstrap", dht.bootstrap, ...observers.flatMap((observer) => ["--stun", observer])];
  const types = Object.keys(NAT_TYPES) as NatType[];
  const peers = await lab.peers(...types);
  for (const [i, type] of types.entries()) {
    await t.step(type, async () => {
      const { events: [report], code, stderr } = await check(peers[i]!, ...flags);
      assertEquals([code, report?.type], [0, "check"], stderr);
      const { line, udp, hairpinning, ipv6: { addresses, ...ipv6 }, external, ms } = report!;
      const expected = EXPECTED[type];
      assertMatch(line, expected.line);
      assertMatch(`${udp.mapping}/${udp.filtering}`, expected.udp);
      assertEquals(hairpinning, expected.hairpinning);
      const said = report!.mapping.map((answer: { state: string }) => answer.state);
      if (expected.mapping) assert(said.includes(expected.mapping), said.join());
      else assert(said.every((state: string) => state === "silent"), said.join());
      assertEquals(addresses.includes(peers[i]!.ipv6), expected.ipv6 !== undefined, `${addresses}`);
      assertEquals(ipv6, expected.ipv6 ?? { reachable: false });
      const { pool, publicAddress } = peers[i]!;
      const own = expected.isPooled ? pool : [publicAddress];
      assert(external.some((one: string) => own.includes(one)), external.join());
      if (expected.isPooled) assertEquals(external.filter((one: string) => !own.includes(one)), []);
      assertEquals(ms < 6000, true, `it took ${ms} ms`);
    });
  }
});

labTest("skip check --with says whether two networks connect, how, and if not, why", async (t) => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab);
  await using stack = new AsyncDisposableStack();
  const observers = await startObservers(lab, dht, stack);
  const flags = ["--bootstrap", dht.bootstrap, ...observers.flatMap((observer) => ["--stun", observer])];
  const [home, random, egress] = await lab.peers("port", "sym-rand", "egress");
  const table: [who: string, place: LabHost, line: string, code: number, strategy: string][] = [
    ["port with port", home!, "skip1 preserving/port/silence", 0, "plain"],
    ["port with random", home!, "skip1 random/port/silence", 0, "birthday"],
    ["random with port", random!, "skip1 preserving/port/reset", 0, "birthday"],
    ["random with random", random!, "skip1 random/port/silence", 4, "none"],
    ["random with a mapped port", random!, "skip1 random/port/silence map", 0, "plain"],
    ["egress with port", egress!, "skip1 preserving/port/silence", 4, "none"],
  ];
  for (const [who, place, line, code, strategy] of table) {
    await t.step(who, async () => {
      const ended = await check(place, ...flags, "--with", line);
      const [prospects, error] = ended.events;
      assertEquals([ended.code, prospects?.type, prospects?.strategy], [code, "prospects", strategy]);
      assertEquals(prospects!.connects, code === 0);
      assertEquals(error?.code, code === 0 ? undefined : "no-direct-path");
      if (error) assertEquals(error.message.length > 20 && error.hint.length > 20, true, error.message);
    });
  }
});

labTest("skip check says what it could not find out, and why", async (t) => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab);
  await using stack = new AsyncDisposableStack();
  const [observer] = await startObservers(lab, dht, stack);
  const [home, cone, egress] = await lab.peers("port", "fullcone", "egress");
  await t.step("without a server the votes of the DHT speak for TCP", async () => {
    const { code, events: [report] } = await check(home!, "--bootstrap", dht.bootstrap, "--no-stun");
    assertEquals([code, report!.line], [0, "skip1 preserving"]);
    assertMatch(report!.notes.join(), /filtering is not known: there is no serving peer/);
  });
  await t.step("one observer cannot tell how open a NAT is", async () => {
    const { events: [report] } = await check(cone!, "--bootstrap", dht.bootstrap, "--stun", observer!);
    assertEquals(report!.line, "skip1 preserving/address/silence");
    assertMatch(report!.notes.join(), /name a second one/);
  });
  await t.step("where nobody answers it fails", async () => {
    const ended = await check(egress!, "--bootstrap", dht.bootstrap, "--stun", observer!);
    const { line, verdict, ms } = ended.events[0]!;
    assertEquals([ended.code, line], [1, "skip1 unknown"]);
    assertMatch(verdict, /^Nobody could be asked/);
    assertEquals(ms < 6000, true, `it took ${ms} ms`);
  });
});
