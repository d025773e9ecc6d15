/**
 * A DHT of libtorrent's nodes alone: another implementation of the protocol, and the one that most public nodes run.
 *
 * @module
 */
import type { Endpoint } from "../../lib/endpoint.ts";
import type { Identity } from "../../lib/identity/mod.ts";
import { jsonLines } from "../json_lines.ts";
import type { Lab } from "../lab/mod.ts";

/** Debian's Python, whose libtorrent no other Python on the machine sees; and any other. */
const PYTHONS = ["/usr/bin/python3", "python3"];
/** Where the nodes of a lab listen. */
const LAB_PORT = 6881;

/** A Python that has libtorrent. */
function findPython(): string | undefined {
  return PYTHONS.find((python) => {
    try {
      return new Deno.Command(python, { args: ["-c", "import libtorrent"], stderr: "null" }).outputSync()
        .success;
    } catch {
      return false; // there is no such program
    }
  });
}

/** Why there can be no libtorrent here, or `undefined` where there is one. Takes some 50 ms. */
export function libtorrentUnavailable(): string | undefined {
  if (findPython()) return undefined;
  return "no Python here has the module libtorrent; Debian's package is python3-libtorrent";
}

/** Where one node lives; port 0 takes a free one. */
export interface NodePlace extends Endpoint {
  /** The name of a network namespace. */
  readonly netns?: string;
}

/** Options of {@linkcode LibtorrentNodes.start}. */
export interface NodesOptions {
  /** Nodes of another kind that they shall know. @default {[]} */
  readonly contacts?: readonly Endpoint[];
  /**
   * Whether they keep everybody in their tables and searches, whatever the address or id, and begin with an id that does
   * not fit their own address, which libtorrent then changes.
   *
   * @default {false}
   */
  readonly trusting?: boolean;
}

/** An item as libtorrent gives it. */
export interface FoundItem {
  readonly value: Uint8Array;
  readonly seq: number;
  readonly sig: Uint8Array;
}

/** Addresses in distinct /16s: a routing table and a search of libtorrent take only one of those that are close. */
export function loopbackAddress(n: number): string {
  return `127.${n}.0.1`;
}

interface Answer {
  readonly ready?: readonly Endpoint[];
  readonly id?: number;
}

/** Nodes of libtorrent in a process of their own, until closed. */
export class LibtorrentNodes implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #ready = Promise.withResolvers<readonly Endpoint[]>();
  readonly #reading: Promise<void>;
  #endpoints: readonly Endpoint[] = [];
  #ids = 0;

  private constructor(places: readonly NodePlace[], { contacts = [], trusting = false }: NodesOptions) {
    const script = new URL("libtorrent_nodes.py", import.meta.url).pathname;
    this.#child = new Deno.Command(findPython()!, {
      args: [script, JSON.stringify({ places, contacts, trusting })],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#input.closed.catch(() => {}); // it may end before us
    this.#reading = this.#read();
  }

  /** Starts nodes at `places`, and resolves once each has all others in its table, and `contacts`. */
  static async start(places: readonly NodePlace[], options: NodesOptions = {}): Promise<LibtorrentNodes> {
    const nodes = new LibtorrentNodes(places, options);
    try {
      nodes.#endpoints = await nodes.#ready.promise;
      return nodes;
    } catch (error) {
      await nodes.close();
      throw error;
    }
  }

  /** Nodes on loopback, as far from each other as libtorrent wants them to be. */
  static onLoopback(count: number, options?: NodesOptions): Promise<LibtorrentNodes> {
    const places = Array.from({ length: count }, (_, i) => ({ hostname: loopbackAddress(i + 1), port: 0 }));
    return LibtorrentNodes.start(places, options);
  }

  /** A node on each public host of a lab. */
  static inLab(lab: Lab, options?: NodesOptions): Promise<LibtorrentNodes> {
    return LibtorrentNodes.start(
      lab.hosts.map(({ address, namespace }) => ({ hostname: address, port: LAB_PORT, netns: namespace })),
      options,
    );
  }

  /** Where the nodes listen. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Where others may begin: the first node. */
  get bootstrap(): Endpoint[] {
    return this.#endpoints.slice(0, 1);
  }

  /**
   * The `node`-th node looks for a mutable item, and gives the first that has at least the number `seq`: a node that
   * has become the ninth closest may still have an older one.
   */
  async get(node: number, publicKey: Uint8Array, { seq = 0 } = {}): Promise<FoundItem | undefined> {
    const found = await this.#call<Partial<Record<"value" | "sig", string>> & { seq?: number }>("get", {
      node,
      key: publicKey.toHex(),
      seq,
    });
    if (found.value === undefined) return undefined;
    return { value: Uint8Array.fromHex(found.value), seq: found.seq!, sig: Uint8Array.fromHex(found.sig!) };
  }

  /**
   * The `node`-th node puts a mutable item, over the newest that it finds; says how many nodes took it. Takes 15 s
   * longer after a write of ours: libtorrent then has our node in its table, even one that is read-only (BEP 43) and
   * so answers nothing.
   */
  async put(node: number, identity: Identity, value: Uint8Array): Promise<{ accepted: number; seq: number }> {
    return await this.#call("put", {
      node,
      seed: identity.exportSeed().toHex(),
      key: identity.publicKey.toHex(),
      value: value.toHex(),
    });
  }

  /** The first peers that the `node`-th node hears of; waits until there are some. */
  async getPeers(node: number, infoHash: Uint8Array): Promise<readonly Endpoint[]> {
    const { peers } = await this.#call<{ peers: Endpoint[] }>("getPeers", {
      node,
      infoHash: infoHash.toHex(),
    });
    return peers;
  }

  async #call<T>(op: string, parameters: Record<string, unknown>): Promise<T> {
    const id = this.#ids++;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify({ id, op, ...parameters })}\n`));
    return await answer.promise as T;
  }

  async #read(): Promise<void> {
    for await (const answer of jsonLines<Answer>(this.#child.stdout)) this.#settle(answer);
    const over = new Error("libtorrent's nodes have ended");
    this.#ready.promise.catch(() => {}); // maybe nobody waits any more
    this.#ready.reject(over);
    for (const { reject } of this.#waiting.values()) reject(over);
  }

  #settle(answer: Answer): void {
    if (answer.ready) return this.#ready.resolve(answer.ready);
    const { id, ...result } = answer;
    this.#waiting.get(id!)?.resolve(result);
    this.#waiting.delete(id!);
  }

  /** Ends the process. Idempotent. */
  async close(): Promise<void> {
    await this.#input.close().catch(() => {}); // it has ended, or is told already
    await this.#reading;
    await this.#child.status;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
