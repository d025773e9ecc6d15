/**
 * What a NAT does, seen from both sides: the behaviours of RFC 4787 and RFC 5382 that decide whether a
 * connection can be punched.
 *
 * @module
 */
import { type Address, Agent, type Verdict } from "./agent.ts";
import type { LabHost } from "./host.ts";
import type { Lab } from "./lab.ts";

/** A NAT's behaviour in one protocol, for one internal port. */
export interface Behaviour {
  /** The external endpoints that two hosts saw. */
  readonly external: readonly [Address, Address];
  /** Whether both saw the same: endpoint-independent mapping. */
  readonly independent: boolean;
  /** Whether the external port is the internal one. */
  readonly preserved: boolean;
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
  /** Connections; `contacted` is a simultaneous open, to which the peer insists on contributing. */
  readonly tcp: Behaviour;
}

interface Stage {
  readonly peer: Agent;
  readonly publicAddress: string;
  readonly hosts: readonly [Agent, Agent, Agent];
  readonly addresses: readonly [string, string, string];
  /** How long an answer may take before it counts as silence. */
  readonly patienceMs: number;
}

/** Observes the NAT in front of `peer`, with the help of three of the lab's public hosts. */
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
  const [first, second, repliesFrom] = await mapUdp(stage, port);
  await sendFromNewPort(a, first, "sameAddress");
  await sendFromNewPort(c, first, "stranger");
  // The WAN keeps the order, so whatever is let in is here before this one, which every NAT lets in.
  await a.call("send", { port: repliesFrom, to: first, data: ["contacted"] });
  const got = await receiveUntil(peer, port, "contacted", patienceMs);
  const verdict = (label: string) => got.has(label) ? "in" : "silence";
  return {
    ...mapping(port, first, second),
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

/** Sends to two hosts from `port`; gives what they saw, and the first one's port. */
async function mapUdp(
  { peer, hosts, addresses, patienceMs }: Stage,
  port: number,
): Promise<[Address, Address, number]> {
  const seen = await Promise.all(([0, 1] as const).map(async (n) => {
    const host = await hosts[n].call("udp", { port: 0 });
    await peer.call("send", { port, to: [addresses[n], host.port], data: ["hello"] });
    const { from } = await hosts[n].call("receive", { port: host.port, timeoutMs: patienceMs });
    if (!from) throw new Error(`Cannot probe: nothing came from UDP port ${port} to ${addresses[n]}`);
    return { from, port: host.port };
  }));
  return [seen[0]!.from, seen[1]!.from, seen[0]!.port];
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
  const [first, second] = await mapTcp(stage, port);
  const [sameAddress, stranger] = await Promise.all([knock(a, first), knock(c, first)]);
  const contacted = await simultaneousOpen(stage, port, first);
  return { ...mapping(port, first, second), unasked, contacted, sameAddress, stranger };
}

/** Connects to two hosts from `port`; gives what they saw. */
async function mapTcp(
  { peer, hosts, addresses, patienceMs }: Stage,
  port: number,
): Promise<[Address, Address]> {
  const [first, second] = await Promise.all(([0, 1] as const).map(async (n) => {
    const host = await hosts[n].call("listen", { port: 0 });
    const accepted = hosts[n].call("accept", { port: host.port, timeoutMs: patienceMs });
    const to = [addresses[n], host.port] as const;
    await peer.call("dial", { port, to, timeoutMs: patienceMs, insist: false });
    const { from } = await accepted;
    if (!from) throw new Error(`Cannot probe: nothing came from TCP port ${port} to ${addresses[n]}`);
    return from;
  }));
  return [first!, second!];
}

/** Both sides connect to each other from ports of their own: what the outer one gets. */
async function simultaneousOpen(
  { peer, hosts: [a], addresses, patienceMs }: Stage,
  port: number,
  external: Address,
): Promise<Verdict> {
  const { port: other } = await a.call("udp", { port: 0 }); // a number that is not in use
  const timeoutMs = patienceMs + 3000; // the kernel repeats a SYN after 1 s and 3 s
  const [outer] = await Promise.all([
    a.call("dial", { port: other, to: external, timeoutMs, insist: true }),
    peer.call("dial", { port, to: [addresses[0], other], timeoutMs, insist: true }),
  ]);
  return outer.outcome;
}

function mapping(
  port: number,
  first: Address,
  second: Address,
): Pick<Behaviour, "external" | "independent" | "preserved"> {
  return {
    external: [first, second],
    independent: first[0] === second[0] && first[1] === second[1],
    preserved: first[1] === port && second[1] === port,
  };
}
