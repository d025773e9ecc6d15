import { answerChecks, type Probe, type TlsPath } from "./check/mod.ts";
import { formatEndpoint } from "./endpoint.ts";
import { Occupancy, type Place } from "./occupancy.ts";
import type { Identity } from "./identity/mod.ts";
import { type OnProgress, pathKindOf } from "./progress.ts";
import { type ByteStream, DescriptorRoom } from "./punch/mod.ts";
import type { ServingTunnel } from "./tunnel/mod.ts";

/** Paths that have not begun TLS yet, in all: each costs a descriptor and a few KiB. */
const MAX_UNCHECKED = 1024;
/** The same for one address or IPv6 /64, so that one stranger cannot take all. */
const MAX_UNCHECKED_PER_NETWORK = 256;
/** Of the descriptors of this process, so many are left to them. */
const DESCRIPTORS_PART = 1 / 4;

/**
 * Where every TCP path of a serving peer ends up, whoever dialled: checks are answered, and once TLS begins the path
 * goes to the tunnel.
 */
export class Gate implements AsyncDisposable {
  readonly #identity: Identity;
  readonly #tunnel: Pick<ServingTunnel, "accept">;
  readonly #report: OnProgress;
  readonly #probe: Probe | undefined;
  readonly #closing = new AbortController();
  readonly #pending = new Map<Place, Promise<void>>();
  readonly #occupancy: Occupancy;
  readonly #waiting = new Map<string, Set<() => void>>();

  /** With `probe`, whoever asks can have it tried whether his NAT lets strangers in; `room` is shared with the tunnel. */
  constructor(
    identity: Identity,
    tunnel: Pick<ServingTunnel, "accept">,
    report: OnProgress,
    { probe, room = new DescriptorRoom() }: { probe?: Probe; room?: DescriptorRoom } = {},
  ) {
    this.#identity = identity;
    this.#tunnel = tunnel;
    this.#report = report;
    this.#probe = probe;
    const share = room.share(1, DESCRIPTORS_PART);
    this.#occupancy = new Occupancy(MAX_UNCHECKED, MAX_UNCHECKED_PER_NETWORK, { share });
  }

  /**
   * Takes over a path that is open. Where it is full, the one that has waited longest is closed, of those first on which nobody
   * has asked for us. This never throws.
   *
   * @param isOneOfMany Others of the same volley may be there: they do not make room for each other, or none would last.
   */
  admit(stream: ByteStream, isOneOfMany = false): void {
    const enter = () => this.#occupancy.enter(stream.remoteAddr.hostname, () => stream.close(), isOneOfMany);
    const place = this.#closing.signal.aborted ? null : enter();
    if (place === null) return stream.close();
    this.#pending.set(place, this.#answer(stream, place));
  }

  /** Never rejects. Nothing `async` waits for the end of the checks, as a path may be held in reserve for long. */
  #answer(stream: ByteStream, place: Place): Promise<void> {
    const start = performance.now();
    const done = (tls: TlsPath | null) => {
      place.leave();
      this.#pending.delete(place);
      if (tls) this.#hand(stream, tls, performance.now() - start);
    };
    return answerChecks(stream, this.#identity, {
      signal: this.#closing.signal,
      onWanted: () => place.promote(),
      ...(this.#probe ? { probe: this.#probe } : {}),
    }).then(done, () => done(null)); // it rejects when we are closing
  }

  #hand(stream: ByteStream, { head }: TlsPath, ms: number) {
    const remote = stream.remoteAddr;
    for (const key of [formatEndpoint(remote), remote.hostname]) {
      for (const notify of this.#waiting.get(key) ?? []) notify();
    }
    this.#report({ type: "path", kind: pathKindOf(remote), remote: formatEndpoint(remote), ms });
    this.#tunnel.accept(stream, head);
  }

  /** Calls `notify` once TLS has begun on a path from `key`, an `ADDR:PORT` or an address; gives the way to stop waiting. */
  onPath(key: string, notify: () => void): () => void {
    const set = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, set.add(notify));
    return () => {
      set.delete(notify);
      if (set.size === 0 && this.#waiting.get(key) === set) this.#waiting.delete(key);
    };
  }

  /** Closes what has not become a connection yet. */
  async [Symbol.asyncDispose]() {
    this.#closing.abort(new DOMException("The server was shut down", "AbortError"));
    await Promise.all(this.#pending.values());
  }
}
