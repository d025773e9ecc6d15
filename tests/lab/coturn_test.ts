import { assertEquals } from "@std/assert";
import type { Endpoint } from "../../lib/endpoint.ts";
import type { Nat } from "../../lib/nat.ts";
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { startCoturn } from "./coturn.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost, type NatType } from "./mod.ts";

/** What was learnt on a host of the lab; see `testdata/learn_nat.ts`. */
interface Learned {
  readonly nat: Nat;
  readonly external?: Endpoint;
  readonly port: number;
  readonly next: number;
}

const MAPPINGS: readonly (readonly [NatType, Nat["mapping"]])[] = [
  ["open", "open"],
  ["firewall", "open"],
  ["port", "preserving"],
  ["cgnat", "preserving"],
  ["port-noprsv", "independent"],
  ["sym-seq", "sequential"],
  ["sym-seq2", "sequential"],
  ["sym-block", "block"],
  ["sym-rand", "random"],
  ["cgnat-sym", "random"],
];

async function learn(host: LabHost, servers: readonly string[]): Promise<Learned> {
  const script = new URL("testdata/learn_nat.ts", import.meta.url).pathname;
  const args = ["run", "--quiet", "-A", ...await runFlags(), script, ...servers];
  const { code, stdout, stderr } = await host.output(Deno.execPath(), args, { cwd: ROOT });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

labTest("learnNat() finds out from coturn what each kind of NAT does", async (t) => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using stack = new AsyncDisposableStack();
  const started = await Promise.all(lab.hosts.slice(0, 3).map((host) => startCoturn(host)));
  const servers = started.map((server) => stack.use(server).endpoint);
  for (const [type, mapping] of MAPPINGS) {
    await t.step(`${type}: ${mapping}`, async () => {
      const peer = await lab.peer(type);
      const { nat, external, port, next } = await learn(peer, servers);
      assertEquals(nat.mapping, mapping);
      // Nobody else uses this router: the sequence tells the next port exactly, and the block holds it.
      assertEquals(nat.sequence?.next, mapping === "sequential" ? next : undefined);
      assertEquals(
        nat.sequence && Math.abs(nat.sequence.step),
        { "sym-seq": 1, "sym-seq2": 2 }[type as string],
      );
      const { first, last } = nat.block ?? { first: 1, last: 65_535 };
      assertEquals(first <= next && next <= last, true, `${next} in ${first} to ${last}`);
      const isOne = ["open", "preserving", "independent"].includes(mapping);
      assertEquals(external?.hostname, isOne ? peer.publicAddress : undefined);
      if (isOne) assertEquals(external?.port === port, mapping !== "independent");
    });
  }
});
