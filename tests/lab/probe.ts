/**
 * What a NAT does, seen from both sides: the behaviours of RFC 4787 and RFC 5382 that decide whether a
 * connection can be punched.
 *
 * @module
 */
import { type Address, Agent, type Verdict } from "./agent.ts";
import { type Allocation, allocationOf } from "./allocation.ts";
import type { LabHost } from "./host.ts";
import type { Lab } from "./lab.ts";

/** A NAT's behaviour in one protocol, for one internal port. */
export interface Behaviour {
  /** The external endpoints that two hosts saw. */
  readonly external: readonly [Address, Address];
  /** Whether all flows had the same: endpoint-independent mapping. */
  readonly independent: boolean;
  /** Whether the external port is the internal one. */
  readonly preserved: boolean;
  /** The external ports of several flows. */
  readonly allocation: Allocation;
  /** What a stranger gets before anything was sent from the port. */
  readonly unasked: Verdict;
  /** What the contacted endpoint gets. */
  readonly contacted: Verdict;
  /** What another port of the contacted address gets. */
  readonly sameAddress: Verdict;
  /** What another address gets. */
  readonly stranger: Verdict;
}

/** A NAT's behaviour. */
export interface NatReport {
  /** Datagrams. */
  readonly udp: Behaviour;
  /**
   * Connections; `contacted` is a simultaneous open, to which the peer insists on contributing. Where the mapping
   * is not endpoint-independent there can be none with an endpoint that was seen before: it is the connection then
   * that the peer made.
   */
  readonly tcp: Behaviour;
}

interface Stage {
  readonly peer: Agent;
  readonly publicAddress: string;
  readonly hosts: readonly [Agent, Agent, Agent];
  readonly addresses: readonly [string, string, string];
  readonly reach: Reach;
  /** How long an answer may take before it counts as silence. */
  readonly patienceMs: number;
}

/** One of the two hosts that the peer contacts, and a port there; 0 takes a free one. */
type Destination = readonly [host: 0 | 1, port: number];

/** Where the peer may go. */
interface Reach {
  readonly udp: readonly Destination[];
  readonly tcp: readonly Destination[];
  /** For the simultaneous open, on the first host. */
  readonly open: number;
}

const EVERYWHERE: Reach = {
  udp: [[0, 0], [1, 0], [0, 0], [1, 0], [0, 0], [1, 0]],
  tcp: [[0, 0], [1, 0], [0, 0], [1, 0], [0, 0], [1, 0]],
  open: 0,
};
const WEB_ONLY: Reach = { udp: [[0, 53], [1, 53]], tcp: [[0, 443], [1, 443], [1, 80]], open: 80 };

/**
 * Observes the NAT in front of `peer`, with the help of three of the lab's public hosts. Two probes of `egress`
 * peers at once would want the same ports.
 */
export async function probeNat(lab: Lab, peer: LabHost): Promise<NatReport> {
  const [a, b, c] = lab.hosts;
  if (!a || !b || !c) throw new RangeError(`Cannot probe: needs 3 hosts, the lab has ${lab.hosts.length}`);
  await using inside = new Agent(peer);
  await using contacted = new Agent(a);
  await using second = new Agent(b);
  await using stranger = new Agent(c);
  const stage: Stage = {
    peer: inside,
    publicAddress: peer.publicAddress,
    hosts: [contacted, second, stranger],
    addresses: [a.address, b.address, c.address],
    reach: peer.nat === "egress" ? WEB_ONLY : EVERYWHERE,
    patienceMs: 4 * lab.shape.rttMs + 600,
  };
  const [udp, tcp] = await Promise.all([probeUdp(stage), probeTcp(stage)]);
  return { udp, tcp };
}

async function probeUdp(stage: Stage): Promise<Behaviour> {
  const { peer, hosts: [a, , c], patienceMs } = stage;
  const { port } = await peer.call("udp", { port: 0 });
  await sendFromNewPort(c, [stage.publicAddress, port], "unasked");
  await crossWan(stage);
  const seen = await mapUdp(stage, port);
  const first = seen[0]!;
  await sendFromNewPort(a, first.from, "sameAddress");
  await sendFromNewPort(c, first.from, "stranger");
  // The WAN keeps the order, so whatever is let in is here before this one, which every NAT lets in.
  await a.call("send", { port: first.at, to: first.from, data: ["contacted"] });
  const got = await receiveUntil(peer, port, "contacted", patienceMs);
  const verdict = (label: string) => got.has(label) ? "in" : "silence";
  return {
    ...mapping(port, seen),
    unasked: verdict("unasked"),
    contacted: verdict("contacted"),
    sameAddress: verdict("sameAddress"),
    stranger: verdict("stranger"),
  };
}

/** Resolves when everything that was sent before has arrived: the WAN keeps the order. */
async function crossWan({ hosts: [a, , c], addresses }: Stage): Promise<void> {
  const { port } = await a.call("listen", { port: 0 });
  await c.call("connectTimes", { to: [addresses[0], port], count: 1 });
}

/** A flow of the peer as it arrived. */
interface Seen {
  /** The address that it went to. */
  readonly to: string;
  /** The port that it went to. */
  readonly at: number;
  /** The external endpoint. */
  readonly from: Address;
}

/** Sends to each destination from `port`, one after the other. */
async function mapUdp({ peer, hosts, addresses, reach, patienceMs }: Stage, port: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const [n, wanted] of reach.udp) {
    const { port: at } = await hosts[n].call("udp", { port: wanted });
    await peer.call("send", { port, to: [addresses[n], at], data: ["hello"] });
    const { from } = await hosts[n].call("receive", { port: at, timeoutMs: patienceMs });
    if (!from) throw new Error(`Cannot probe: nothing came from UDP port ${port} to ${addresses[n]}:${at}`);
    seen.push({ to: addresses[n], at, from });
  }
  return seen;
}

async function sendFromNewPort(host: Agent, to: Address, data: string): Promise<void> {
  const { port } = await host.call("udp", { port: 0 });
  await host.call("send", { port, to, data: [data] });
}

async function receiveUntil(
  agent: Agent,
  port: number,
  last: string,
  timeoutMs: number,
): Promise<Set<string>> {
  const got = new Set<string>();
  while (!got.has(last)) {
    const { data } = await agent.call("receive", { port, timeoutMs });
    if (data === undefined) break;
    got.add(data);
  }
  return got;
}

async function probeTcp(stage: Stage): Promise<Behaviour> {
  const { peer, hosts: [a, , c], patienceMs } = stage;
  const { port } = await peer.call("listen", { port: 0 });
  const knock = async (host: Agent, to: Address) =>
    (await host.call("dial", { port: 0, to, timeoutMs: patienceMs, insist: false })).outcome;
  const unasked = await knock(c, [stage.publicAddress, port]);
  const { seen, outcome } = await mapTcp(stage, port);
  const mapped = mapping(port, seen);
  const { from } = seen[0]!;
  const [sameAddress, stranger] = await Promise.all([knock(a, from), knock(c, from)]);
  const contacted = mapped.independent ? await simultaneousOpen(stage, port, from) : outcome;
  return { ...mapped, unasked, contacted, sameAddress, stranger };
}

/** Connects to each destination from `port`, one after the other; `outcome` is what the first one came to. */
async function mapTcp(
  { peer, hosts, addresses, reach, patienceMs }: Stage,
  port: number,
): Promise<{ seen: Seen[]; outcome: Verdict }> {
  const [seen, outcomes]: [Seen[], Verdict[]] = [[], []];
  for (const [n, wanted] of reach.tcp) {
    const { port: at } = await hosts[n].call("listen", { port: wanted });
    const to = [addresses[n], at] as const;
    const [{ outcome }, { from }] = await Promise.all([
      peer.call("dial", { port, to, timeoutMs: patienceMs, insist: false }),
      hosts[n].call("accept", { port: at, timeoutMs: patienceMs }),
    ]);
    if (!from) throw new Error(`Cannot probe: nothing came from TCP port ${port} to ${addresses[n]}:${at}`);
    seen.push({ to: addresses[n], at, from });
    outcomes.push(outcome);
  }
  return { seen, outcome: outcomes[0]! };
}

/** Both sides connect to each other from ports of their own: what the outer one gets. */
async function simultaneousOpen(
  { peer, hosts: [a], addresses, reach, patienceMs }: Stage,
  port: number,
  external: Address,
): Promise<Verdict> {
  // A number that is not in use.
  const other = reach.open || (await a.call("udp", { port: 0 })).port;
  const timeoutMs = patienceMs + 3000; // the kernel repeats a SYN after 1 s and 3 s
  const inner = peer.call("dial", { port, to: [addresses[0], other], timeoutMs, insist: true });
  await peer.call("udp", { port: 0 }); // the dial has begun: a bare router gives the port to whoever is first
  const outer = await a.call("dial", { port: other, to: external, timeoutMs, insist: true });
  await inner;
  return outer.outcome;
}

function mapping(
  port: number,
  seen: readonly Seen[],
): Pick<Behaviour, "external" | "independent" | "preserved" | "allocation"> {
  const allocation = allocationOf(seen.map(({ to, from }) => ({ to, port: from[1] })));
  const first = seen[0]!.from;
  return {
    external: [first, seen[1]!.from],
    independent: seen.every(({ from }) => from[0] === first[0] && from[1] === first[1]),
    preserved: allocation.ports.every((external) => external === port),
    allocation,
  };
}
