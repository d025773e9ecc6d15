/** Two peers behind NATs in a DHT of real nodes, of which a third crowds around the record and names somebody else as a peer. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { targetOf } from "../../lib/discovery/item.ts";
import { generateIdentity, saveIdentity } from "../../lib/identity/mod.ts";
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { converse, startSession } from "../session.ts";
import { SkipProcess } from "../skip_process.ts";
import { startDht } from "./dht.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost } from "./mod.ts";
import { runScript } from "./shell.ts";

/** Of 29 nodes: three on each of three hosts, as many as honest ones there are on others. */
const HONEST = 20;
const HOSTILE_PER_HOST = 3;

interface Hostile extends AsyncDisposable {
  /** Ends the nodes; gives how often they named somebody who had not announced himself. */
  stop(): Promise<number>;
}

async function startHostile(host: LabHost, about: readonly string[]): Promise<Hostile> {
  const script = new URL("testdata/hostile_nodes.ts", import.meta.url).pathname;
  const places = Array.from({ length: HOSTILE_PER_HOST }, (_, i) => `${host.address}:${7_000 + i}`);
  const args = ["run", "--quiet", "-A", ...await runFlags(), script, ...about, ...places];
  const child = host.spawn(Deno.execPath(), args, { cwd: ROOT, stdin: "piped", stdout: "piped" });
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await output.read()).value, "ready\n");
  const end = async () => {
    await child.stdin.close();
    const { value } = await output.read();
    await output.cancel();
    await child.status;
    return Number(value);
  };
  let ended: Promise<number> | undefined;
  const stop = () => ended ??= end();
  return { stop, [Symbol.asyncDispose]: async () => void await stop() };
}

/** Counts the SYNs that reach a machine. */
async function countSyns({ namespace }: LabHost): Promise<() => Promise<number>> {
  await runScript(
    "count SYNs",
    `ip netns exec ${namespace} nft -f - <<'END'
table ip trap {
  chain in {
    type filter hook prerouting priority -300;
    tcp flags syn counter
  }
}
END`,
  );
  return async () => {
    const args = ["netns", "exec", namespace, "nft", "list", "table", "ip", "trap"];
    const { stdout } = await new Deno.Command("ip", { args }).output();
    return Number(/packets (\d+)/.exec(new TextDecoder().decode(stdout))![1]);
  };
}

labTest(
  "Two peers behind NATs connect though a third of the DHT is hostile, and nobody else gets a SYN",
  async () => {
    await using lab = await Lab.create({ rttMs: 50, hosts: 12 });
    await using dht = await startDht(lab, { nodes: HONEST, hosts: lab.hosts.slice(0, 8) });
    const [thirdParty, ...lairs] = lab.hosts.slice(8) as [LabHost, ...LabHost[]];
    const syns = await countSyns(thirdParty);
    const folder = await Deno.makeTempDir();
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Deno.remove(folder, { recursive: true }));

    const identity = generateIdentity();
    await saveIdentity(`${folder}/identity.pem`, identity);
    const target = targetOf(identity.publicKey).toHex();
    const about = [target, thirdParty.publicAddress, dht.places.join(",")];
    const hostile: Hostile[] = [];
    for (const lair of lairs) hostile.push(stack.use(await startHostile(lair, about)));

    const [serving, connecting] = await lab.peers("port", "port") as [LabHost, LabHost];
    const { bootstrap } = dht;
    const flags = ["--identity", `${folder}/identity.pem`, "--bootstrap", bootstrap, "--no-stun"];
    const server = stack.use(await SkipProcess.start(["serve", ...flags], serving));
    const { id } = await server.event("ready");
    for (let i = 0; i < 3; i++) {
      const session = await startSession(Object.assign(server, { id }), {
        bootstrap,
        connecting,
        flags: ["--no-stun"],
      });
      await using _ended = session;
      assertEquals(await converse(server, session.client, [`${i}`]), []);
      assert(session.timing.knocked, "only a punch leads from one such NAT to the other");
    }
    const named = await Promise.all(hostile.map((nodes) => nodes.stop()));
    assertGreater(Math.max(...named), 0, "the serving peer asks hostile nodes");
    assertEquals(await syns(), 0);
    // The counter does count.
    await lairs[0]!.output("timeout", [
      "1",
      "bash",
      "-c",
      `exec 3<>/dev/tcp/${thirdParty.publicAddress}/8000`,
    ]);
    assertGreater(await syns(), 0);
  },
);
