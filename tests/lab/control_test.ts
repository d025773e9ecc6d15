/** What a dialled peer does after its first connection: further ones without the DHT, and again when all was lost. */
import { assertEquals, assertLess } from "@std/assert";
import { deadline } from "@std/async";
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { startServing } from "../session.ts";
import { startDht } from "./dht.ts";
import { renumber } from "./faults.ts";
import { labTest } from "./lab_test_helper.ts";
import { Lab, type LabHost, type NatType } from "./mod.ts";

/** What `testdata/stay.ts` prints. */
interface Line {
  readonly type: "first" | "second" | "third" | "again" | "lost" | "closed";
  readonly ms: number;
  readonly resolved: boolean;
  readonly knocks: readonly string[];
  readonly remote: string;
}

/** A peer that stays connected. */
class Stayer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<Line>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#lines = linesOf(child.stdout);
  }

  static async start(id: string, bootstrap: string, place: LabHost): Promise<Stayer> {
    const script = new URL("testdata/stay.ts", import.meta.url).pathname;
    const args = ["run", ...await runFlags(), "-A", script, id, bootstrap];
    const pipes = { stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
    return new Stayer(place.spawn(Deno.execPath(), args, { cwd: ROOT, ...pipes }));
  }

  /** The next line of that type; those before it are dropped. */
  async next(type: Line["type"]): Promise<Line> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`It ended before it said "${type}"`);
      if (value.type === type) return value;
    }
  }

  async [Symbol.asyncDispose]() {
    await this.#child.stdin.close();
    while (!(await this.#lines.next()).done);
    await this.#child.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Line> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}

/** What has not happened by then never will. */
const PATIENCE_MS = 45_000;
const PAIRS: readonly (readonly [NatType, NatType])[] = [
  ["port", "port"],
  ["port-rst", "port-rst"],
  ["cgnat", "port"],
  ["port", "sym-rand"],
  ["sym-seq", "port"],
];

labTest("A second connection to a peer is agreed on without the DHT", async (t) => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab);
  for (const [a, b] of PAIRS) {
    await t.step(`${a} – ${b}`, async () => {
      const [serving, connecting] = await lab.pair(a, b);
      await using server = await startServing({ bootstrap: dht.bootstrap, serving });
      await using stayer = await Stayer.start(server.id, dht.bootstrap, connecting);
      for (const type of ["second", "third"] as const) {
        const { resolved, knocks } = await stayer.next(type);
        assertEquals([resolved, knocks.filter((via) => via !== "control")], [false, []], type);
      }
      assertEquals(server.events.some((e) => e.type === "knocked" && e.via === "control"), true);
    });
  }
});

labTest("A peer whose address changes is lost, and found again at the new one", async () => {
  await using lab = await Lab.create({ rttMs: 50 });
  await using dht = await startDht(lab);
  const [serving, connecting] = await lab.pair("port", "port");
  await using server = await startServing({ bootstrap: dht.bootstrap, serving });
  await using stayer = await Stayer.start(server.id, dht.bootstrap, connecting);
  const { remote } = await stayer.next("third");
  const address = "6.77.0.1";
  await renumber(lab, serving, address);
  assertLess((await deadline(stayer.next("lost"), PATIENCE_MS)).ms, 15_000);
  await stayer.next("closed"); // what nothing can come over any more does not stay open
  const again = await deadline(stayer.next("again"), PATIENCE_MS);
  assertEquals([remote.split(":")[0], again.remote.split(":")[0]], [serving.publicAddress, address]);
});
