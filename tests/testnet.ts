/**
 * A DHT of our own on loopback: real nodes, real UDP, one process.
 *
 * @module
 */
import { DhtNode, type DhtNodeOptions } from "../lib/discovery/node.ts";
import type { Endpoint } from "../lib/endpoint.ts";

/** Options of {@linkcode Testnet.create}. */
export interface TestnetOptions {
  /** @default {20} */
  readonly nodes?: number;
  /** Given to each node. */
  readonly node?: Partial<DhtNodeOptions>;
}

/** Nodes on 127.0.0.1 that know each other. */
export class Testnet implements AsyncDisposable {
  readonly nodes: readonly DhtNode[];

  private constructor(nodes: readonly DhtNode[]) {
    this.nodes = nodes;
  }

  /** Starts the nodes, and resolves once each has found its neighbours. */
  static async create({ nodes: count = 20, node = {} }: TestnetOptions = {}): Promise<Testnet> {
    const options = { hostname: "127.0.0.1", readOnly: false, ...node };
    const first = await DhtNode.open({ ...options, bootstrap: [] });
    const bootstrap = [{ hostname: "127.0.0.1", port: first.port }];
    const others = await Promise.all(
      Array.from({ length: count - 1 }, () => DhtNode.open({ ...options, bootstrap })),
    );
    await Promise.all(others.map((other) => other.online()));
    const net = new Testnet([first, ...others]);
    // Those who came first have not heard of those who came last: look around once more.
    await Promise.all(net.nodes.map((one) => one.walk("get", one.id)));
    return net;
  }

  /** Where a new node may begin. */
  get bootstrap(): Endpoint[] {
    return [{ hostname: "127.0.0.1", port: this.nodes[0]!.port }];
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
