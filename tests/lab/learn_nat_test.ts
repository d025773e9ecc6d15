import { assertEquals } from "@std/assert";
import { parseNat } from "../../lib/nat.ts";
import { SkipProcess } from "../skip_process.ts";
import { startDht } from "./dht.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost, type NatType } from "./mod.ts";

/** Each type with what a serving peer in it says of its NAT. */
const EXPECTED: readonly (readonly [NatType, string])[] = [
  ["open", "open"],
  ["port", "preserving"],
  ["port-noprsv", "independent"],
  ["sym-seq", "sequential"],
  ["sym-block", "block"],
  ["sym-rand", "random"],
  ["cgnat-sym", "random"],
];

/** A serving peer on a host of the lab: an observer. Gives its process and its endpoint. */
async function observer(host: LabHost, bootstrap: string) {
  const process = await SkipProcess.start(["serve", "--ephemeral", "--bootstrap", bootstrap], host);
  const { port } = await process.event("ready");
  return { process, endpoint: `${host.address}:${port}` };
}

labTest("A serving peer learns from observers what its NAT does to TCP, and publishes it", async (t) => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab);
  await using stack = new AsyncDisposableStack();
  const observers = await Promise.all(lab.hosts.slice(0, 3).map((host) => observer(host, dht.bootstrap)));
  for (const { process } of observers) stack.use(process);
  // One of the servers is dead: that must not keep the others from being heard.
  const stun = [`${lab.hosts[3]!.address}:9`, ...observers.map((o) => o.endpoint)].flatMap((
    s,
  ) => ["--stun", s]);
  for (const [type, mapping] of EXPECTED) {
    await t.step(`${type}: ${mapping}`, async () => {
      const peer = await lab.peer(type);
      const args = ["serve", "--ephemeral", "--bootstrap", dht.bootstrap, ...stun];
      await using server = await SkipProcess.start(args, peer);
      await server.event("ready");
      const { nat, local } = await server.event("candidates");
      assertEquals(parseNat(nat)?.mapping, mapping, nat);
      if (mapping !== "independent") return;
      const reflexive = local.find((endpoint: string) => endpoint.startsWith(`${peer.publicAddress}:`));
      const { port } = await server.event("ready");
      assertEquals(reflexive === undefined || reflexive.endsWith(`:${port}`), false, `${reflexive}`);
    });
  }
});
