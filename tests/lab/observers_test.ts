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

/** Serves on `host`; then a machine to which it has sent nothing tries to get in. */
async function serveToStranger(lab: Lab, { bootstrap }: LabDht, host: LabHost, ...more: string[]) {
  const args = ["serve", "--ephemeral", "--bootstrap", bootstrap, "--no-stun", ...more];
  const serving = await SkipProcess.start(args, host);
  const { id, port } = await serving.event("ready");
  const dial = `exec 3<>/dev/tcp/${host.publicAddress}/${port}`;
  const { code } = await lab.hosts[6]!.output("timeout", ["2", "bash", "-c", dial]);
  return { serving, id, endpoint: `${host.publicAddress}:${port}`, gotIn: code === 0 };
}

labTest("Serving peers that strangers reach are observers for those behind symmetric NATs", async (t) => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab);
  await using stack = new AsyncDisposableStack();
  // Those who cannot be reached, or do not want to, come first: they would be found first.
  for (const type of ["firewall", "port"] as const) {
    const { serving, gotIn, id } = await serveToStranger(lab, dht, await lab.peer(type));
    stack.use(serving);
    assertEquals(gotIn, false, type);
    // Whom it lets in because he knocked proves nothing.
    const args = ["connect", id, "--bootstrap", dht.bootstrap, "--no-stun"];
    await using connecting = await SkipProcess.start(args, await lab.peer("port"));
    await connecting.event("open");
  }
  const open: string[] = [];
  for (const [i, host] of lab.hosts.slice(0, 4).entries()) {
    const isWilling = i > 0;
    const more = isWilling ? [] : ["--no-observer"];
    const { serving, gotIn, endpoint } = await serveToStranger(lab, dht, host, ...more);
    stack.use(serving);
    assertEquals(gotIn, true);
    if (isWilling) open.push(endpoint);
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
});
