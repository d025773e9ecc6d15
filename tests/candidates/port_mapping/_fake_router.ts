/**
 * A router on loopback that maps ports, told what to know and how to misbehave. It writes its answers byte by byte, apart
 * from the code under test.
 *
 * @module
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { addressToBytes } from "../../../lib/endpoint.ts";
import type { Gateway } from "../../../lib/candidates/port_mapping/mod.ts";

/** The router itself, and the machine before it. */
export const LOOPBACK: Gateway = { hostname: "127.0.0.1", client: "127.0.0.1" };
/** An address that no router has, and that software takes for a public one. */
export const EXTERNAL = "6.10.0.1";

/** One request, in words: `pcp map 5000`, `nat-pmp unmap 5000`, `nat-pmp address`. */
export interface Heard {
  readonly what: string;
  readonly atMs: number;
}

/** What the router knows, and what it does. All may be changed while it runs. */
export interface Manners {
  pcp?: boolean;
  natPmp?: boolean;
  /** Says so when it does not know PCP. */
  polite?: boolean;
  external: string;
  /** PCP and NAT-PMP result code of mapping. */
  result: number;
  /** What is added to the port that was asked for. */
  shift: { pcp: number; natPmp: number };
  onRequest?: (request: Uint8Array) => void;
  /** Answers only when this has resolved. */
  before: (what: string) => Promise<void> | void;
  /** What is sent in place of an answer. */
  instead: (answer: Uint8Array) => readonly Uint8Array[];
}

const DEFAULTS: Manners = {
  external: EXTERNAL,
  result: 0,
  shift: { pcp: 0, natPmp: 0 },
  before: () => {},
  instead: (answer) => [answer],
};

const PCP = 2;
const NAT_PMP = 0;

/** See the module. */
export class FakeRouter implements AsyncDisposable {
  /** External port by who has it: `pcp 5000`. */
  readonly mappings = new Map<string, number>();
  readonly heard: Heard[] = [];
  readonly manners: Manners;
  readonly #socket: Socket;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket, manners: Manners) {
    this.#socket = socket;
    this.manners = manners;
    socket.on(
      "message",
      (message: Uint8Array, from: RemoteInfo) => this.#answer(Uint8Array.from(message), from),
    );
  }

  static async open(manners: Partial<Manners>): Promise<FakeRouter> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, LOOPBACK.hostname, () => resolve()));
    return new FakeRouter(socket, { ...DEFAULTS, ...manners });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** When each request of that kind came. */
  times(what: RegExp): number[] {
    return this.heard.filter((one) => what.test(one.what)).map(({ atMs }) => atMs);
  }

  /** Resolves when `what` has been heard `count` times. */
  async hears(what: RegExp, count = 1): Promise<void> {
    while (this.times(what).length < count) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Forgets everything, as when it is switched off and on. */
  reboot(): void {
    this.mappings.clear();
  }

  async #answer(request: Uint8Array, from: RemoteInfo): Promise<void> {
    const [what, answer] = this.#handle(request);
    this.manners.onRequest?.(request);
    this.heard.push({ what, atMs: performance.now() });
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    if (!answer) return;
    await this.manners.before(what);
    for (const message of this.manners.instead(answer)) this.#send(message, from);
  }

  #send(message: Uint8Array, { address, port }: RemoteInfo): void {
    try {
      this.#socket.send(message, port, address, () => {});
    } catch {
      // closed meanwhile
    }
  }

  #handle(request: Uint8Array): [what: string, answer: Uint8Array | undefined] {
    if (request[0] === PCP) return this.#pcp(request);
    if (request[0] === NAT_PMP) return this.#natPmp(request);
    return ["something else", undefined];
  }

  #pcp(request: Uint8Array): [string, Uint8Array | undefined] {
    const view = new DataView(request.buffer);
    const [lifetime, port] = [view.getUint32(4), view.getUint16(40)];
    const what = `pcp ${lifetime === 0 ? "unmap" : "map"} ${port}`;
    const { external, pcp, polite, result, shift } = this.manners;
    if (!pcp) return [what, polite ? Uint8Array.of(0, 128 + request[1]!, 0, 1, 0, 0, 0, 0) : undefined];
    const answer = Uint8Array.from(request);
    const out = new DataView(answer.buffer);
    answer.set([PCP, 0x81, 0, result]);
    answer.fill(0, 8, 24);
    out.setUint16(42, this.#note(`pcp ${port}`, port + shift.pcp, lifetime));
    answer.set([...new Uint8Array(10), 255, 255, ...addressToBytes(external)!], 44);
    return [what, answer];
  }

  #natPmp(request: Uint8Array): [string, Uint8Array | undefined] {
    const { external, natPmp, result, shift } = this.manners;
    if (request.length === 2) {
      const answer = Uint8Array.of(0, 128, 0, 0, 0, 0, 0, 9, ...addressToBytes(external)!);
      return ["nat-pmp address", natPmp ? answer : undefined];
    }
    const view = new DataView(request.buffer);
    const [lifetime, port] = [view.getUint32(8), view.getUint16(4)];
    const what = `nat-pmp ${lifetime === 0 ? "unmap" : "map"} ${port}`;
    if (!natPmp) return [what, undefined];
    const answer = new Uint8Array(16);
    const out = new DataView(answer.buffer);
    answer.set([0, 130, 0, result, 0, 0, 0, 9, ...request.subarray(4, 6)]);
    out.setUint16(10, this.#note(`nat-pmp ${port}`, port + shift.natPmp, lifetime));
    out.setUint32(12, lifetime);
    return [what, answer];
  }

  #note(name: string, external: number, lifetime: number): number {
    if (lifetime === 0) this.mappings.delete(name);
    else if (this.manners.result === 0) this.mappings.set(name, external);
    return external;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}

/** Something that happens, and can be awaited. */
export class Signal {
  readonly #waiting = new Set<() => void>();

  readonly fire = (): void => {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  };

  /** Resolves once `condition` holds; looks again at each {@linkcode fire}. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }
}
