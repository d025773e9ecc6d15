import { assertEquals } from "@std/assert";
import { parseNat } from "../../lib/nat.ts";
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { SkipProcess } from "../skip_process.ts";
import { type LabDht, startDht } from "./dht.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost } from "./mod.ts";

/** Observers as a machine of the lab finds them, once there are `count`. */
async function find(host: LabHost, { bootstrap }: LabDht, count: number): Promise<string[]> {
  const script = new URL("testdata/find_observers.ts", import.meta.url).pathname;
  const args = ["run", "--quiet", "-A", ...await runFlags(), script, bootstrap, `${count}`];
  const { code, stdout, stderr } = await host.output(Deno.execPath(), args, { cwd: ROOT });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout).sort();
}

/** Serves on `host`, and lets a peer behind a NAT of its own connect. */
async function serveAndConnect(lab: Lab, { bootstrap }: LabDht, host: LabHost, ...more: string[]) {
  const args = ["--bootstrap", bootstrap, "--no-stun"];
  const serving = await SkipProcess.start(["serve", "--ephemeral", ...args, ...more], host);
  const { id, port } = await serving.event("ready");
  await using connecting = await SkipProcess.start(["connect", id, ...args], await lab.peer("port"));
  await connecting.event("open");
  return { serving, endpoint: `${host.publicAddress}:${port}` };
}

labTest(
  "Serving peers that strangers reach are observers, and help those behind symmetric NATs",
  async (t) => {
    await using lab = await Lab.create({ rttMs: 50 });
    await using dht = await startDht(lab);
    await using stack = new AsyncDisposableStack();
    // These have no proof, or do not want to: they come first, so that they would be found first.
    for (const type of ["firewall", "fullcone", "port"] as const) {
      stack.use((await serveAndConnect(lab, dht, await lab.peer(type))).serving);
    }
    stack.use((await serveAndConnect(lab, dht, lab.hosts[3]!, "--no-observer")).serving);
    const open: string[] = [];
    for (const host of lab.hosts.slice(0, 3)) {
      const { serving, endpoint } = await serveAndConnect(lab, dht, host);
      stack.use(serving);
      open.push(endpoint);
    }
    await t.step("those without a NAT or a firewall are found, and no others", async () => {
      assertEquals(await find(lab.hosts[4]!, dht, open.length), open.sort());
    });
    await t.step(
      "a serving peer behind a symmetric NAT learns from them how its ports are allotted",
      async () => {
        const nowhere = `${lab.hosts[5]!.address}:9`;
        const args = ["serve", "--ephemeral", "--bootstrap", dht.bootstrap, "--stun", nowhere];
        await using server = await SkipProcess.start(args, await lab.peer("sym-seq"));
        const { nat } = await server.event("candidates");
        assertEquals(parseNat(nat)?.mapping, "sequential", nat);
      },
    );
  },
);
