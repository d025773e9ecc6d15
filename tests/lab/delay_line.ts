import { removalScript } from "./prefix.ts";

/** How the WAN treats packets. */
export interface WanShape {
  /** Round-trip time between any two public addresses, in milliseconds. */
  readonly rttMs: number;
  /** The part of the packets that gets lost, from 0 to 1, in each direction. */
  readonly loss: number;
  /** The part of the packets that come up to 20 ms late, behind those that were sent after them. */
  readonly reorder: number;
}

/**
 * The process that delays the WAN's packets. It also is the lab's last will: when its input ends, be it that
 * the lab closes or that this process is killed, it removes all that the lab has made.
 */
export class DelayLine {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #turn: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** Starts it on a TUN device; nothing passes before {@linkcode DelayLine.apply} was called. */
  constructor({ prefix, namespace, device, seed }: {
    prefix: string;
    namespace: string;
    device: string;
    seed: string;
  }) {
    // Signals to the process group (Ctrl-C) must not keep the last will from being done.
    const keeper = `trap "" INT HUP TERM\npython3 "$@"\nstatus=$?\n${removalScript(prefix)}exit $status\n`;
    const script = `${import.meta.dirname}/delay_line.py`;
    this.#child = new Deno.Command("sh", {
      args: ["-c", keeper, "keeper", script, namespace, device, seed],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.getReader();
  }

  /** Resolves once `shape` is valid for every packet that comes from now on. */
  apply(shape: WanShape): Promise<void> {
    const applied = this.#turn.then(() => this.#exchange(shape));
    this.#turn = applied.catch(() => {});
    return applied;
  }

  async #exchange({ rttMs, loss, reorder }: WanShape): Promise<void> {
    const line = JSON.stringify({ delayMs: rttMs / 2, loss, reorder });
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
    const { done } = await this.#reader.read(); // "ok": one answer to one question
    if (done) throw new Error("Cannot shape the WAN: the delay line has ended");
  }

  /** Ends the WAN, and everything that the lab has made. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#turn;
    await this.#writer.close().catch(() => {}); // it may have ended by itself: the exit code says so
    await this.#reader.cancel();
    const { code } = await this.#child.status;
    if (code !== 0) throw new Error(`Cannot remove the lab: exit code ${code}`);
  }
}
