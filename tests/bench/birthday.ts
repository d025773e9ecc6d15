/**
 * The odds of a birthday volley, measured: rounds of different sizes between a NAT that draws ports at random and one that
 * keeps them, each with fresh ports.
 *
 * @module
 */
import { ROOT, runFlags } from "../../tools/run_flags.ts";
import { replaceFile } from "../../tools/registry.ts";
import { Lab, type LabHost } from "../lab/mod.ts";
import { median, table } from "./_statistics.ts";

/** Rounds of one size. */
export interface Volleys {
  /** Ports that the side with the random NAT opens. */
  readonly opens: number;
  /** Ports that the other side guesses. */
  readonly guesses: number;
  readonly rounds: number;
  /** Rounds in which a connection opened. */
  readonly hits: number;
  /** From the first SYN to the connection, in milliseconds, of the rounds that hit. */
  readonly medianMs: number;
  /** Resident memory at the peak, in MB: the side that opens, and the side that guesses. */
  readonly residentMb: readonly [number, number];
  /** Descriptors at the peak, in the same order. */
  readonly descriptors: readonly [number, number];
}

/** Where the results are kept, for the plot. */
export const RESULTS = new URL("tests/bench/birthday.json", ROOT);
const SIZES = [[64, 64], [128, 128], [192, 192], [256, 256], [384, 384], [512, 512], [768, 512]] as const;

/** Measures `rounds` of each size, writes them down, and gives them as a table. */
export async function benchBirthday(rounds: number): Promise<string> {
  await using lab = await Lab.create({ rttMs: 50 });
  const [random, keeping] = await lab.peers("sym-rand", "port") as [LabHost, LabHost];
  await using opening = await Side.start(random);
  await using guessing = await Side.start(keeping);
  const results: Volleys[] = [];
  for (const [opens, guesses] of SIZES) {
    const said: [Said, Said][] = [];
    for (let i = 0; i < rounds; i++) {
      const { port } = await guessing.ask(`guesses ${guesses} ${random.publicAddress}`);
      await opening.ask(`opens ${opens} ${keeping.publicAddress} ${port}`);
      said.push(await Promise.all([opening.next(), guessing.next()]));
    }
    results.push(summary(opens, guesses, said));
  }
  await replaceFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", RESULTS.pathname] }).output();
  return table(
    ["opened × guessed", "rounds", "hit", "expected", "first connection, ms", "MB", "descriptors"],
    results.map((v) => [
      `${v.opens} × ${v.guesses}`,
      `${v.rounds}`,
      `${Math.round(100 * v.hits / v.rounds)} %`,
      `${(100 * odds(v.opens, v.guesses)).toFixed(1)} %`,
      v.hits > 0 ? v.medianMs.toFixed(0) : "–",
      v.residentMb.map((mb) => mb.toFixed(0)).join(" and "),
      v.descriptors.join(" and "),
    ]),
  );
}

/** Of one round, by ports 1024 to 65,535. */
export function odds(opens: number, guesses: number): number {
  return 1 - (1 - opens / 64_512) ** guesses;
}

interface Said {
  readonly port: number;
  readonly hit: boolean;
  readonly ms: number;
  readonly rss: number;
  readonly files: number;
}

function summary(opens: number, guesses: number, said: readonly [Said, Said][]): Volleys {
  const hits = said.filter(([opening]) => opening.hit);
  const peak = (side: 0 | 1, of: "rss" | "files") => Math.max(...said.map((both) => both[side][of]));
  return {
    ...{ opens, guesses, rounds: said.length, hits: hits.length },
    medianMs: hits.length > 0 ? Math.round(median(hits.map(([opening]) => opening.ms))) : 0,
    residentMb: [Math.round(peak(0, "rss") / 1e6), Math.round(peak(1, "rss") / 1e6)],
    descriptors: [peak(0, "files"), peak(1, "files")],
  };
}

/** A process that does volleys. */
class Side implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async start(host: LabHost): Promise<Side> {
    const script = new URL("tests/lab/testdata/volley.ts", ROOT).pathname;
    const args = ["run", "-A", "--quiet", ...await runFlags(), script];
    return new Side(host.spawn(Deno.execPath(), args, { stdin: "piped", stdout: "piped", cwd: ROOT }));
  }

  async ask(line: string): Promise<Said> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
    return await this.next();
  }

  async next(): Promise<Said> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return JSON.parse(line);
      }
      const { done, value } = await this.#lines.read();
      if (done) throw new Error("Cannot measure volleys: the process has ended");
      this.#rest += value;
    }
  }

  async [Symbol.asyncDispose]() {
    await this.#input.close();
    await this.#lines.cancel();
    await this.#child.status;
  }
}
