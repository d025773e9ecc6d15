import { askObserver } from "./check/mod.ts";
import type { ByteStream } from "./byte_stream.ts";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import type { Sighting } from "./netcheck/mod.ts";
import type { PunchPort } from "./punch/mod.ts";

/**
 * Connections from one port to servers that tell how they see it. They stay open until it is disposed of: their end may end the
 * NAT's mapping.
 */
export class Lookout implements Disposable {
  readonly #dial: PunchPort["dial"];
  readonly #streams = new Map<string, ByteStream>();
  /** The local port. */
  readonly port: number;

  constructor(port: Pick<PunchPort, "port" | "dial">) {
    this.port = port.port;
    this.#dial = port.dial.bind(port);
  }

  /**
   * Asks a server, over the connection that it was asked over before if there is one. Rejects when it does not answer; that
   * connection is done with then, and the next time there is a new one.
   */
  async sight(server: Endpoint, signal: AbortSignal): Promise<Sighting> {
    const key = formatEndpoint(server);
    const atMs = performance.now();
    const stream = this.#streams.get(key) ?? await this.#dial(server, { signal });
    this.#streams.set(key, stream);
    try {
      const { mapped } = await askObserver(stream, { signal });
      return { localPort: this.port, destination: server.hostname, external: mapped, atMs };
    } catch (error) {
      this.#streams.delete(key);
      throw error;
    }
  }

  /** Ends the connections; it can be used on. */
  [Symbol.dispose]() {
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
  }
}
