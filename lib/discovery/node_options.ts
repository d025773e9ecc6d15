import { type Endpoint, isPort } from "../endpoint.ts";
import type { Clock } from "./clock.ts";
import type { DatagramSocket } from "./socket.ts";

/** Options of `DhtNode.open()`. */
export interface DhtNodeOptions {
  /** The UDP port; 0 is any. @default {0} */
  readonly port?: number;
  /** The local IPv4 address. @default {"0.0.0.0"} */
  readonly hostname?: string;
  /** Nodes to begin with, by name or address. An empty list starts a network of one's own. */
  readonly bootstrap: readonly Endpoint[];
  /** Where good nodes are kept between runs; nothing is read or written without it. */
  readonly knownNodesFile?: string;
  /**
   * Whether to stay out of other nodes' tables and answer no questions (BEP 43). Without it we do so until others
   * see us at one of this machine's own addresses; to know these takes `--allow-sys=networkInterfaces`.
   */
  readonly readOnly?: boolean;
  /** 20 bytes. @default random, and one that fits our public address once that is known (BEP 42) */
  readonly id?: Uint8Array;
  /** Takes the place of a UDP socket; `port` and `hostname` mean nothing then. */
  readonly socket?: DatagramSocket;
  /** The time, for tests. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock;
  /** How a name becomes IPv4 addresses, for tests. @default {resolveName} */
  readonly resolve?: (name: string, signal: AbortSignal) => Promise<string[]>;
  /** Ends opening. */
  readonly signal?: AbortSignal;
}

/** Throws `RangeError` for a port that is none, which the system would only notice somewhere in the background. */
export function checkPorts({ port = 0, bootstrap }: DhtNodeOptions): void {
  if (port !== 0 && !isPort(port)) {
    throw new RangeError(
      `Cannot open the DHT node: 'port' must be an integer from 0 to 65535, current value is ${port}`,
    );
  }
  const wrong = bootstrap.find((endpoint) => !isPort(endpoint.port));
  if (wrong) {
    throw new RangeError(
      `Cannot open the DHT node: the port of bootstrap node "${wrong.hostname}" must be from 1 to 65535, ` +
        `current value is ${wrong.port}`,
    );
  }
}
