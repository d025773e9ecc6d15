import { jsonLines } from "../json_lines.ts";
import type { LabHost } from "./host.ts";

/**
 * What became of a SYN: it got in, nobody answered, or it was refused with RST or with ICMP "host unreachable";
 * another text is an errno.
 */
export type Verdict = "in" | "silence" | "reset" | "unreachable" | (string & Record<never, never>);

/** An address and a port, as Python has them. */
export type Address = readonly [address: string, port: number];

interface Operations {
  /** Opens a UDP socket; port 0 takes a free one. */
  udp: { in: { port: number }; out: { port: number } };
  /** Sends datagrams from an open UDP socket. */
  send: { in: { port: number; to: Address; data: readonly string[] }; out: Record<never, never> };
  /** The next datagram, or nothing within the time. */
  receive: { in: { port: number; timeoutMs: number }; out: { from?: Address; data?: string } };
  /** Opens a TCP listener, of IPv4 or IPv6; port 0 takes a free one. */
  listen: { in: { port: number; ipv6?: boolean }; out: { port: number } };
  /** The next TCP connection, or nothing within the time. */
  accept: { in: { port: number; timeoutMs: number }; out: { from?: Address } };
  /** Connects from a port; with `insist`, again at once whenever it is refused. */
  dial: {
    in: { port: number; to: Address; timeoutMs: number; insist: boolean };
    out: { outcome: Verdict; port?: number };
  };
  /** How long each of some connects took, one after the other. */
  connectTimes: { in: { to: Address; count: number }; out: { ms: readonly number[] } };
  /** Sends random bytes over a new connection. */
  pour: { in: { to: Address; bytes: number }; out: { digest: string } };
  /** Takes the next connection of a listener and reads it to its end. */
  drain: { in: { port: number }; out: { digest: string } };
  /** Takes the next connection of a listener and sends back what comes, to its end. */
  echo: { in: { port: number }; out: { bytes: number } };
  /** Sends back whatever comes on any connection to a listener, from now on. */
  echoAll: { in: { port: number }; out: Record<never, never> };
  /** One question over a connection of its own; the time until the echo was there, or what went wrong. */
  ask: { in: { to: Address; timeoutMs: number }; out: { ms?: number; outcome?: Verdict } };
  /** The same again and again until one is answered; those before go on waiting, for up to 30 s. */
  askUntilAnswered: {
    in: { to: Address; intervalMs: number; timeoutMs: number };
    out: { ms?: number; outcome?: Verdict };
  };
  /** Opens a connection on which something is said, and is to be echoed, all the time. */
  stream: { in: { to: Address }; out: { stream: number } };
  /** The longest time without an echo on it, and the present one; and how it ended, where it did. */
  streamed: { in: { stream: number }; out: { longestMs: number; silentMs: number; outcome?: Verdict } };
}

interface Answer {
  readonly id: number;
  readonly error?: string;
}

/** A process inside a machine of the lab that opens sockets on demand. Operations may overlap. */
export class Agent implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  readonly #reading: Promise<void>;
  #ids = 0;

  /** Starts it on `host`. */
  constructor(host: LabHost) {
    this.#child = host.spawn("python3", [`${import.meta.dirname}/agent.py`], {
      stdin: "piped",
      stdout: "piped",
    });
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Has one operation done. */
  async call<Op extends keyof Operations>(
    op: Op,
    parameters: Operations[Op]["in"],
  ): Promise<Operations[Op]["out"]> {
    const id = this.#ids++;
    const answer = Promise.withResolvers<Answer>();
    this.#waiting.set(id, answer);
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify({ id, op, ...parameters })}\n`));
    return (await answer.promise) as unknown as Operations[Op]["out"];
  }

  async #read(): Promise<void> {
    for await (const answer of jsonLines<Answer>(this.#child.stdout)) this.#settle(answer);
    for (const { reject } of this.#waiting.values()) reject(new Error("Cannot probe: the agent has ended"));
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(`Cannot probe: ${answer.error}`));
  }

  /** Ends it, and closes its sockets with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {}); // the lab may have killed it before
    await this.#child.status;
    await this.#reading;
  }
}
