/** What goes wrong, or is done on purpose, while holes are punched: between processes, through real NATs. */
import { assert, assertEquals } from "@std/assert";
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { converse, type Serving, startServing, startSession } from "../session.ts";
import { type Place, SkipProcess } from "../skip_process.ts";
import { type LabDht, startDht } from "./dht.ts";
import { forgetConnections, unplug } from "./faults.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost } from "./mod.ts";
import { runScript } from "./shell.ts";

/** What {@linkcode knock} says. */
interface Said {
  readonly port: number;
  readonly candidates: readonly unknown[];
  readonly nat: string;
  readonly ports?: readonly number[];
}

/** Has a stranger knock, `count` times, each with the next port. Gives the acknowledgements. */
async function knock(
  from: LabHost,
  { bootstrap }: LabDht,
  { id }: Serving,
  said: Said,
  count = 1,
): Promise<number> {
  const script = new URL("testdata/knock.ts", import.meta.url).pathname;
  const args = ["run", "-A", "--quiet", ...await runFlags(), script, bootstrap, id, `${count}`];
  const { stdout, stderr } = await from.output(Deno.execPath(), [...args, JSON.stringify(said)], {
    cwd: ROOT,
  });
  assertEquals(stderr, "");
  return JSON.parse(stdout);
}

/** Counts the SYNs that leave a machine towards an address. */
async function countSyns({ namespace }: LabHost, address: string): Promise<() => Promise<number>> {
  await runScript(
    "count SYNs",
    `ip netns exec ${namespace} nft -f - <<'END'
table ip count {
  chain out {
    type filter hook output priority 0;
    ip daddr ${address} tcp flags & (syn | ack) == syn counter
  }
}
END`,
  );
  return async () => {
    const { stdout } = await new Deno.Command("ip", {
      args: ["netns", "exec", namespace, "nft", "list", "table", "ip", "count"],
    }).output();
    return Number(/packets (\d+)/.exec(new TextDecoder().decode(stdout))![1]);
  };
}

async function assertConnects(server: Serving, connecting: Place, { bootstrap }: LabDht): Promise<number> {
  await using session = await startSession(server, { bootstrap, connecting });
  assertEquals(await converse(server, session.client, [`${session.client.pid}`]), []);
  return session.timing.total;
}

labTest("A knock that names a third party sends not one SYN there", async () => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab, { nodes: 8 });
  const [serving, stranger, victim] = await lab.peers("port", "open", "open") as [LabHost, LabHost, LabHost];
  await using server = await startServing({ bootstrap: dht.bootstrap, serving });
  const toVictim = await countSyns(serving, victim.publicAddress);
  const named = { kind: "reflexive", hostname: victim.publicAddress, port: 22 };
  const own = { kind: "reflexive", hostname: stranger.publicAddress, port: 4000 };
  const said = { port: 4000, candidates: [named, own], nat: "random/port", ports: [80, 443] };
  assert(await knock(stranger, dht, server, said) > 0);
  // It is dialled at a word that is proven: that of the nodes, since it is gone before it could answer.
  await server.event("knocked", (e) => e.from.includes(`${stranger.publicAddress}:4000`));
  // Whatever was sealed has been read by the time at which another one's has.
  assert(await assertConnects(server, (await lab.peer("sym-rand"))!, dht) > 0);
  assertEquals(await toVictim(), 0);
});

labTest("Thousands of knocks: few are answered, and an honest peer gets in within 10 s", async () => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab, { nodes: 8 });
  const [serving, stranger, honest] = await lab.peers("port", "open", "port") as [LabHost, LabHost, LabHost];
  await using server = await startServing({ bootstrap: dht.bootstrap, serving });
  const toStranger = await countSyns(serving, stranger.publicAddress);
  const start = performance.now();
  const flood = knock(stranger, dht, server, { port: 10_000, candidates: [], nat: "preserving" }, 2000);
  await server.event("knocked");
  const took = await assertConnects(server, honest, dht);
  assert(took < 10_000, `${took} ms`);
  assert(await flood > 2000);
  // 16 at once and two a second for one address; each is dialled from then on until its window ends.
  const answered = new Set(server.events.filter((e) => e.type === "knocked").flatMap((e) => e.from));
  const seconds = (performance.now() - start) / 1000;
  assert(answered.size <= 2 * (16 + 2 * seconds) + 8, `${answered.size} in ${seconds} s`);
  assert(await toStranger() > 0);
});

labTest(
  "A peer that claims a pattern which it does not have costs a few SYNs, and no one else anything",
  async () => {
    await using lab = await Lab.create({ rttMs: 50 });
    await using dht = await startDht(lab, { nodes: 8 });
    const [serving, stranger, honest] = await lab.peers("port", "open", "port") as [
      LabHost,
      LabHost,
      LabHost,
    ];
    await using server = await startServing({ bootstrap: dht.bootstrap, serving });
    const toStranger = await countSyns(serving, stranger.publicAddress);
    const own = { kind: "reflexive", hostname: stranger.publicAddress, port: 4000 };
    const ports = Array.from({ length: 40 }, (_, i) => 20_000 + i * 7);
    for (const nat of ["sequential:65000+7@20/port", "sequential:1-1@0/port", "block:1-65535/port"]) {
      const port = 4000 + nat.length;
      await knock(stranger, dht, server, { port, candidates: [{ ...own, port }], nat, ports });
    }
    await server.event("strategy");
    await assertConnects(server, honest, dht);
    // At most 512 guesses of a volley, 16 ports that were told, and the announced ones; refused ones are dialled again.
    assert(await toStranger() < 12_000, `${await toStranger()}`);
  },
);

labTest("Routers that forget everything in the middle of a punch do not keep peers apart", async () => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab, { nodes: 8 });
  const [serving, connecting] = await lab.pair("port", "port");
  await using server = await startServing({ bootstrap: dht.bootstrap, serving });
  await using client = await SkipProcess.start(
    ["connect", server.id, "--bootstrap", dht.bootstrap],
    connecting,
  );
  await client.event("strategy"); // the first SYN is on its way
  await Promise.all([forgetConnections(serving), forgetConnections(connecting)]);
  await client.event("open");
  assertEquals(await converse(server, client, ["here"]), []);
});

labTest("A network that goes away in the middle of a punch, and comes back, is used again", async () => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab, { nodes: 8 });
  const [serving, connecting] = await lab.pair("port", "port");
  await using server = await startServing({ bootstrap: dht.bootstrap, serving });
  await using client = await SkipProcess.start(
    ["connect", server.id, "--bootstrap", dht.bootstrap],
    connecting,
  );
  await client.event("resolved");
  const plugIn = await unplug(connecting);
  await plugIn();
  await client.event("open");
  assertEquals(await converse(server, client, ["here"]), []);
});

/** The same machine with few descriptors for each process. */
function withDescriptors(host: LabHost, limit: number): Place {
  const script = `ulimit -n ${limit}; exec "$@"`;
  return {
    spawn: (command, args, options) => host.spawn("sh", ["-c", script, "sh", command, ...args], options),
  };
}

labTest("Few descriptors make a volley small; what is served goes on", async () => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab, { nodes: 8 });
  const [serving, random, plain] = await lab.peers("port", "sym-rand", "port") as [LabHost, LabHost, LabHost];
  await using server = await startServing({
    bootstrap: dht.bootstrap,
    serving: withDescriptors(serving, 320),
  });
  await using session = await startSession(server, { bootstrap: dht.bootstrap, connecting: plain });
  await using client = await SkipProcess.start(
    ["connect", server.id, "--bootstrap", dht.bootstrap],
    withDescriptors(random, 320),
  );
  await server.event("strategy");
  // Where it is a matter of luck, it may have been lucky; else it says that no path opened.
  const over = await Promise.race([client.event("open"), client.event("error")]);
  assert(over.type === "open" || over.code === "unreachable", JSON.stringify(over));
  assertEquals(await converse(server, session.client, ["still here"]), []);
  await assertConnects(server, plain, dht);
});
