import { assert, assertEquals } from "@std/assert";
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { converse, type Session, startServing, startSession } from "../session.ts";
import type { SkipProcess } from "../skip_process.ts";
import { startDht } from "./dht.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost, type NatType } from "./mod.ts";

/** The networks between which one connection from each side's own port is all that it takes. */
const TYPES: readonly NatType[] = [
  "open",
  "fullcone",
  "addr",
  "port",
  "port-rst",
  "firewall",
  "cgnat",
  "lan",
];

/**
 * Where only a packet to him lets somebody in: no path without a punch from the serving side. Not so for `fullcone`: what went
 * out to the peer before has let in everybody.
 */
const CLOSED: readonly NatType[] = ["addr", "port", "port-rst", "firewall", "cgnat"];
/**
 * Where a punch to one of somebody's ports lets in all of them: also those that he dials from later, should the first one be
 * spoilt.
 */
const OPENED_BY_ADDRESS: readonly NatType[] = ["addr"];
/** The serving peer has its public address itself. */
const OWN_ADDRESS: readonly NatType[] = ["open", "firewall"];

type Serving = SkipProcess & { id: string };

/** Who may connect to whom: `lan` has a router that cannot hairpin, and here is none but the one. */
function mayMeet(serving: NatType, connecting: NatType): boolean {
  return (serving === "lan") === (connecting === "lan");
}

function expectedKind(serving: NatType): string {
  return serving === "lan" || OWN_ADDRESS.includes(serving) ? "host" : "reflexive";
}

/** The endpoint from which the serving side saw this session come. */
async function connectedFrom(server: Serving, { client }: Session): Promise<string> {
  const { local } = client.events.findLast((e) => e.type === "candidates")!;
  const addresses = local.map(hostOf);
  return (await server.event("connected", (e) => addresses.includes(hostOf(e.remote)))).remote;
}

/** Messages arrive both ways, and each side knows where the other one really is. */
async function assertTalks(server: Serving, session: Session, connecting: LabHost): Promise<void> {
  const { client } = session;
  assertEquals(await converse(server, client, [`one of ${client.pid}`, `grüße 👋 ${client.pid}`]), []);
  const from = await connectedFrom(server, session);
  const address = connecting.nat === "lan" ? connecting.address : connecting.publicAddress;
  assertEquals(from, client.events.findLast((e) => e.type === "path")!.mapped);
  assertEquals(hostOf(from), address);
}

/** The serving side had dialled this endpoint, or where its NAT goes by the address, another port there. */
function assertPunched(server: Serving, from: string, anyPort: boolean): void {
  const opens = (endpoint: string) => anyPort ? hostOf(endpoint) === hostOf(from) : endpoint === from;
  const knocks = server.events.filter((e) => e.type === "knocked").map((e) => e.from);
  assert(knocks.flat().some(opens), `${from} got in without a punch; dialled were ${knocks.join(" ")}`);
}

function hostOf(endpoint: string): string {
  return endpoint.split(":")[0]!;
}

labTest("Every pair of networks connects, and messages arrive both ways", async (t) => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab);
  const peers = await lab.peers(...TYPES, ...TYPES);
  await using stack = new AsyncDisposableStack();
  const servers = await Promise.all(TYPES.map((_, i) =>
    startServing({
      bootstrap: dht.bootstrap,
      serving: peers[i]!,
    })
  ));
  for (const server of servers) stack.use(server);
  for (const [i, serving] of TYPES.entries()) {
    for (const [j, connecting] of TYPES.entries()) {
      if (!mayMeet(serving, connecting)) continue;
      await t.step(`${serving} – ${connecting}`, async () => {
        const [server, place] = [servers[i]!, peers[TYPES.length + j]!];
        await using session = await startSession(server, { bootstrap: dht.bootstrap, connecting: place });
        assertEquals(session.timing.kind, expectedKind(serving));
        await assertTalks(server, session, place);
        const from = await connectedFrom(server, session);
        if (CLOSED.includes(serving)) assertPunched(server, from, OPENED_BY_ADDRESS.includes(serving));
      });
    }
  }
});

labTest(
  "One dialled peer takes several WebSockets and requests, through two port-restricted NATs",
  async () => {
    await using lab = await Lab.create({ rttMs: 50 });
    await using dht = await startDht(lab);
    const [serving, connecting] = await lab.pair("port", "port");
    await using server = await startServing({ bootstrap: dht.bootstrap, serving });
    const script = new URL("testdata/dial_often.ts", import.meta.url).pathname;
    const args = ["run", ...await runFlags(), "-A", script, server.id, dht.bootstrap];
    const { code, stdout, stderr } = await connecting.output(Deno.execPath(), args, { cwd: ROOT });
    assertEquals(code, 0, stderr);
    assertEquals(JSON.parse(stdout), {
      echoes: ["first", "second", "third"],
      statuses: [426, 426],
      from: [`${serving.publicAddress}:${(await server.event("ready")).port}`],
    });
  },
);

labTest("Three peers connect at once", async () => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab);
  const [serving, ...others] = await lab.peers("port", "port", "port-rst", "cgnat");
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startServing({ bootstrap: dht.bootstrap, serving: serving! }));
  const sessions = await Promise.all(
    others.map((connecting) => startSession(server, { bootstrap: dht.bootstrap, connecting })),
  );
  for (const session of sessions) stack.use(session);
  await Promise.all(sessions.map((session, i) => assertTalks(server, session, others[i]!)));
});

labTest("Peers connect over 200 ms with 5 % loss", async (t) => {
  await using lab = await Lab.create({ rttMs: 200, seed: "loss" });
  await using dht = await startDht(lab);
  const [serving, ...others] = await lab.peers(...Array<NatType>(7).fill("port"));
  await using server = await startServing({ bootstrap: dht.bootstrap, serving: serving! });
  await lab.reshape({ loss: 0.05 });
  for (const [i, connecting] of others.entries()) {
    await t.step(`connect ${i + 1}`, async () => {
      await using session = await startSession(server, { bootstrap: dht.bootstrap, connecting });
      await assertTalks(server, session, connecting);
    });
  }
});
