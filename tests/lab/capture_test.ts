/** What somebody reads who taps the cable of either peer while they talk. */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { utf8 } from "../../lib/bytes.ts";
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { startDht } from "./dht.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost } from "./mod.ts";
import { contains, type Flow, readFlows } from "./pcap.ts";

const QUESTION = "what-the-connecting-peer-says";
const ANSWER = "what-the-serving-peer-says";
/** In each check, in the clear. */
const STUN_COOKIE = Uint8Array.of(0x21, 0x12, 0xa4, 0x42);

/** What `testdata/serve_invited.ts` and `testdata/visit_invited.ts` print. */
interface Told {
  readonly id: string;
  readonly key: string;
  readonly token: string;
  readonly heard: readonly string[];
}

/** Far more than a packet needs from a cable to a file. */
const PATIENCE_MS = 30_000;
/** Goes over the cable last, to a port at which nobody listens (RFC 863). */
const LAST = "this-is-the-last-packet";
const SEND_LAST = `import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"${LAST}", (sys.argv[1], 9))`;

/** Taps the cable of a machine; gives the way to stop, and all that went over it until then. */
async function tap(host: LabHost): Promise<(anybody: LabHost) => Promise<Flow[]>> {
  const file = await Deno.makeTempFile({ suffix: ".pcap" });
  const options = { stdout: "null", stderr: "piped" } as const;
  const flags = ["-i", "eth0", "-s", "0", "-U", "--immediate-mode", "-Z", "root", "-w", file];
  const tcpdump = host.spawn("tcpdump", flags, options);
  const said = tcpdump.stderr.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes("listening on");) {
    const { value, done } = await said.read();
    if (done) throw new Error(`Cannot tap the cable: ${text}`);
    text += value;
  }
  return async (anybody) => {
    // What the kernel still holds when tcpdump is ended is lost.
    assertEquals((await host.output("python3", ["-c", SEND_LAST, anybody.address])).stderr, "");
    const late = AbortSignal.timeout(PATIENCE_MS);
    while (!contains(await Deno.readFile(file), utf8(LAST))) await delay(20, { signal: late });
    tcpdump.kill("SIGINT");
    while (!(await said.read()).done);
    await tcpdump.status;
    const flows = readFlows(await Deno.readFile(file));
    await Deno.remove(file);
    return flows;
  };
}

async function script(name: string, args: readonly string[]): Promise<string[]> {
  const path = new URL(`testdata/${name}.ts`, import.meta.url).pathname;
  return ["run", "-A", "--quiet", ...await runFlags(), path, ...args];
}

/** Has two peers talk in every way there is, and gives what went over both cables. */
async function talkTapped() {
  await using lab = await Lab.create({ rttMs: 20 });
  await using dht = await startDht(lab, { nodes: 8 });
  const [serving, connecting] = await lab.pair("port", "port");
  const taps = [await tap(serving), await tap(connecting)];
  const server = serving.spawn(Deno.execPath(), await script("serve_invited", [dht.bootstrap, ANSWER]), {
    ...{ cwd: ROOT, stdin: "piped", stdout: "piped", stderr: "inherit" },
  });
  const lines = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const there: Told = JSON.parse((await lines.read()).value!);
  const args = await script("visit_invited", [there.id, there.token, dht.bootstrap, QUESTION]);
  const { code, stdout, stderr } = await connecting.output(Deno.execPath(), args, { cwd: ROOT });
  assertEquals(code, 0, stderr);
  const here: Told = JSON.parse(stdout);
  await server.stdin.close();
  await lines.cancel();
  await server.status;
  const flows = (await Promise.all(taps.map((stop) => stop(lab.hosts[0]!)))).flat();
  return { there, here, flows };
}

/** In every form in which it might stand there. */
function forms({ id, key }: Told): Record<string, Uint8Array> {
  const raw = Uint8Array.fromHex(key);
  const alphabet = "base64url";
  return {
    id: utf8(id),
    key: raw,
    "key in hex": utf8(key),
    "key in upper-case hex": utf8(key.toUpperCase()),
    "key in base64": utf8(raw.toBase64({ omitPadding: true }).slice(0, -1)),
    "key in base64url": utf8(raw.toBase64({ alphabet, omitPadding: true }).slice(0, -1)),
  };
}

function found(flows: readonly Flow[], wanted: Record<string, Uint8Array>): string[] {
  return Object.entries(wanted).filter(([, bytes]) => flows.some((flow) => contains(flow.bytes, bytes)))
    .map(([name]) => name);
}

labTest(
  "A capture of a whole session shows no message, no token and no identity of the connecting peer",
  async (t) => {
    const { there, here, flows } = await talkTapped();
    assertEquals(here.heard, [ANSWER, `${QUESTION} ${ANSWER}`, ANSWER, ANSWER]);
    const of = (protocol: Flow["protocol"]) => flows.filter((flow) => flow.protocol === protocol);
    await t.step("there is something to read", () => {
      const bytes = (protocol: Flow["protocol"]) =>
        of(protocol).reduce((sum, flow) => sum + flow.bytes.length, 0);
      assert(bytes("tcp") > 10_000 && bytes("udp") > 10_000, `${bytes("tcp")} ${bytes("udp")}`);
      assertEquals(found(of("tcp"), { cookie: STUN_COOKIE }), ["cookie"]);
    });
    await t.step("of what was said", () => {
      const said = {
        QUESTION,
        ANSWER,
        token: there.token,
        http: "HTTP/1.1",
        proof: "skip-peer",
        ticket: "skip-token",
      };
      const wanted = Object.fromEntries(Object.entries(said).map(([name, text]) => [name, utf8(text)]));
      assertEquals(found(flows, wanted), []);
    });
    await t.step("of who connects", () => assertEquals(found(flows, forms(here)), []));
    await t.step("of who serves, over TCP", () => assertEquals(found(of("tcp"), forms(there)), []));
    // Its record in the DHT is public: whoever resolves it asks for the key's digest and gets the key, `k` of BEP 44, and the
    // id, which is the record's zone.
    await t.step(
      "of who serves, in the DHT",
      () => assertEquals(found(of("udp"), forms(there)), ["id", "key"]),
    );
  },
);
