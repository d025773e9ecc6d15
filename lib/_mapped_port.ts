import { delay } from "@std/async";
import { openPortMapping, type PortMapping } from "./candidates/mod.ts";
import type { Discovery } from "./discovery/mod.ts";
import { addressScope, type Candidate, formatEndpoint } from "./endpoint.ts";
import { votesOf } from "./_nat_watcher.ts";
import type { OnProgress } from "./progress.ts";

/** What a {@linkcode MappedPort} works with. */
export interface MappedPortOptions {
  /** The TCP port. */
  readonly port: number;
  readonly discovery: Discovery;
  readonly report: OnProgress;
  /** The mapping has come, changed or gone. */
  readonly onChange?: () => void;
  /** Whether the router may be asked. */
  readonly enabled: boolean;
  /** Keeps a mapping; for tests. @default {openPortMapping} */
  readonly open?: typeof openPortMapping;
}

/**
 * Our port as the router maps it on request. The router is asked only where the network sees us at a public address that is
 * not this machine's own, and believed only if it names that address.
 */
export class MappedPort implements AsyncDisposable {
  readonly #options: MappedPortOptions;
  readonly #arrived = Promise.withResolvers<void>();
  #mapping: PortMapping | undefined;
  #isClosed = false;

  constructor(options: MappedPortOptions) {
    this.#options = options;
  }

  /** The external endpoint, while there is one that the network's view confirms. */
  get candidate(): Candidate | undefined {
    const mapped = this.#mapping?.mapped;
    const seen = mapped && votesOf(this.#options.discovery).publicAddress;
    return mapped?.hostname === seen ? mapped : undefined;
  }

  /** Asks the router, once it is known that there is one to be asked. Does not wait. */
  ask(): void {
    const { discovery, enabled, port, open = openPortMapping } = this.#options;
    if (!enabled || this.#mapping || this.#isClosed) return;
    const { nat, publicAddress } = votesOf(discovery);
    if (nat.mapping === "open" || !publicAddress || addressScope(publicAddress) !== "global") return;
    this.#mapping = open({
      port,
      publicAddress: () => votesOf(discovery).publicAddress,
      onChange: () => this.#changed(),
    });
  }

  /** Resolves when there is a mapping, and after `ms` in any case. Rejects with `signal.reason`. */
  async arrival(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#mapping) return;
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    await Promise.race([this.#arrived.promise, delay(ms, { signal: until }).catch(() => {})]);
    over.abort();
    signal.throwIfAborted();
  }

  #changed(): void {
    const { onChange, report } = this.#options;
    if (this.#isClosed) return;
    const mapped = this.#mapping?.mapped;
    const protocol = this.#mapping?.states.find(({ state }) => state === "mapped")?.protocol;
    if (mapped) this.#arrived.resolve();
    report({
      type: "mapped",
      ...(mapped ? { external: formatEndpoint(mapped) } : {}),
      ...(mapped && protocol ? { protocol } : {}),
    });
    onChange?.();
  }

  /** Has the router forget the port. */
  async [Symbol.asyncDispose]() {
    this.#isClosed = true;
    await this.#mapping?.[Symbol.asyncDispose]();
  }
}
