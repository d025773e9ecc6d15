import { gatherCandidates, type LocalCandidates } from "./candidates/mod.ts";
import type { Discovery } from "./discovery/mod.ts";
import type { Endpoint } from "./endpoint.ts";
import { MappedPort } from "./_mapped_port.ts";
import { NatWatcher, votesOf } from "./_nat_watcher.ts";
import type { OnProgress } from "./progress.ts";
import type { PunchPort } from "./punch/mod.ts";

/** What an {@linkcode OwnNetwork} works with. */
export interface OwnNetworkOptions {
  readonly port: PunchPort;
  readonly discovery: Discovery;
  /** STUN servers, by name or address. */
  readonly servers: readonly Endpoint[];
  /** Whether the router may be asked to map the port. */
  readonly portMapping: boolean;
  readonly report: OnProgress;
  /** Our candidates have changed. */
  readonly onChange: () => void;
}

/** The serving peer's own situation: its candidates, its NAT, and the port that the router maps for it. */
export class OwnNetwork implements AsyncDisposable {
  readonly #options: OwnNetworkOptions;
  readonly #nat: NatWatcher;
  readonly #mapped: MappedPort;
  readonly #closing = new AbortController();

  constructor(options: OwnNetworkOptions) {
    this.#options = options;
    this.#nat = new NatWatcher(options);
    this.#mapped = new MappedPort({ ...options, port: options.port.port, enabled: options.portMapping });
    // The router answers before the record's places are found, so the first record names the mapped port already.
    options.discovery.online({ signal: this.#closing.signal }).then(() => this.#mapped.ask(), () => {});
  }

  /** As of now; has the router asked as soon as the network has said how it sees us. */
  gather(): LocalCandidates {
    const { discovery, port } = this.#options;
    this.#mapped.ask();
    const { candidate } = this.#mapped;
    return gatherCandidates({
      port: port.port,
      udpPort: discovery.port,
      observations: discovery.observations(),
      ...(this.#nat.learned ? { learned: this.#nat.learned } : {}),
      ...(candidate ? { mapped: candidate } : {}),
    });
  }

  /** Has servers look at our NAT if it is time. Gives whether something has changed. Never rejects. */
  async look(): Promise<boolean> {
    return await this.#nat.look(votesOf(this.#options.discovery));
  }

  /** Whom to ask. */
  async observers(): Promise<Endpoint[]> {
    return await this.#nat.observers();
  }

  /** Ends the connections that are kept, and the mapping. */
  async [Symbol.asyncDispose]() {
    this.#closing.abort();
    await Promise.all([this.#nat[Symbol.asyncDispose](), this.#mapped[Symbol.asyncDispose]()]);
  }
}
