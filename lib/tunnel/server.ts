import { delay } from "@std/async";
import type { Guard } from "../access/mod.ts";
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import { type Identity, peerHostname, peerStandIn, serverCertificate } from "../identity/mod.ts";
import { Occupancy } from "../occupancy.ts";
import { type ByteStream, DescriptorRoom } from "../punch/mod.ts";
import { Admission, denial } from "./_admission.ts";
import { FIRST_REQUEST_MS, Guest } from "./_guest.ts";
import { LastingServer } from "./_lasting_server.ts";
import { RequestView } from "./_request_view.ts";
import { PileWatch } from "./_pile_watch.ts";
import {
  answerReserved,
  CONTROL_SILENCE_MS,
  isReserved,
  type OnControl,
  type ReservedOptions,
} from "./_reserved.ts";
import { SilenceWatch } from "./_silence_watch.ts";
import { SpeedTest } from "./_speed.ts";
import { closeQuietly, type SpliceResult } from "./splice.ts";
import { Tunnel } from "./_tunnel.ts";
import type { ServeHandler, ServeInfo } from "./types.ts";

/** A tunnel costs three descriptors and up to 1 MiB. */
const MAX_TUNNELS = 2048;
/** For one address or IPv6 /64, so that one peer cannot take all; several may share one behind the same NAT. */
const MAX_TUNNELS_PER_ADDRESS = 512;
/** The path, and both ends of the loopback connection. */
const TUNNEL_DESCRIPTORS = 3;
/** Of the descriptors of this process, so many are left to tunnels. */
const DESCRIPTORS_PART = 1 / 2;

/** How long the other side may take to receive the end of what was sent to it when the server shuts down. */
const DRAIN_MS = 2_000;

/** Options of {@linkcode serveTunnel}. */
export interface ServeTunnelOptions {
  /** Whose certificate to show. */
  readonly identity: Identity;
  /** Who may come in; everybody without one. */
  readonly guard?: Guard;
  /** Makes the response when the handler throws; as in `Deno.serve`. */
  readonly onError?: (error: unknown) => Response | Promise<Response>;
  /** Takes over the control channels that peers open; without it there are none. */
  readonly onControl?: OnControl;
  /** Tunnels at the same time. @default {2048} */
  readonly maxTunnels?: number;
  /** Tunnels at the same time from one address. @default {512} */
  readonly maxTunnelsPerAddress?: number;
  /** Where descriptors come from. @default all that the process has */
  readonly room?: DescriptorRoom;
  /** From the beginning of a tunnel to its first complete request. @default {10_000} */
  readonly firstRequestMs?: number;
  /** A control channel over which nothing comes for so long is closed. @default {30_000} */
  readonly controlSilenceMs?: number;
}

/** A native HTTP server that is reached through tunnels only. */
export interface ServingTunnel extends AsyncDisposable {
  /** The loopback port, which answers tunnels only. */
  readonly addr: Deno.NetAddr;
  /** Resolves once it has stopped. */
  readonly finished: Promise<void>;
  /**
   * Takes over a path on which the other side begins TLS; `head` is what was already read from it.
   * Resolves when the path is closed, never rejects.
   */
  accept(stream: ByteStream, head?: Uint8Array): Promise<void>;
  /** Finishes the requests under way, says goodbye to WebSockets, and closes all tunnels. Idempotent. */
  shutdown(): Promise<void>;
}

/**
 * Runs `handler` behind a native `Deno.serve` with TLS, on a loopback port that answers tunnels only.
 * `info.remoteAddr` is where the tunnel really comes from.
 */
export async function serveTunnel(
  handler: ServeHandler,
  options: ServeTunnelOptions,
): Promise<ServingTunnel> {
  return new TunnelServer(handler, options, await serverCertificate(options.identity));
}

class TunnelServer implements ServingTunnel {
  readonly finished: Promise<void>;
  readonly #server: LastingServer;
  readonly #handler: ServeHandler;
  readonly #view: RequestView;
  readonly #admission: Admission;
  readonly #occupancy: Occupancy;
  readonly #firstRequestMs: number;
  readonly #silence: SilenceWatch;
  readonly #reserved: ReservedOptions;
  /** By the two loopback ports between which their tunnel reaches the server. */
  readonly #guests = new Map<string, Guest>();
  readonly #tunnels = new Map<Tunnel, Promise<void>>();
  readonly #pile = new PileWatch();
  #shutdown: Promise<void> | undefined;

  constructor(handler: ServeHandler, options: ServeTunnelOptions, certificate: Deno.TlsCertifiedKeyPem) {
    const { identity, guard, maxTunnels = MAX_TUNNELS } = options;
    const { maxTunnelsPerAddress = MAX_TUNNELS_PER_ADDRESS, firstRequestMs = FIRST_REQUEST_MS } = options;
    this.#handler = handler;
    this.#view = new RequestView(peerHostname(identity.id), peerStandIn(identity.publicKey));
    this.#admission = new Admission(identity.id, guard);
    const share = (options.room ?? new DescriptorRoom()).share(TUNNEL_DESCRIPTORS, DESCRIPTORS_PART);
    this.#occupancy = new Occupancy(maxTunnels, maxTunnelsPerAddress, { share });
    this.#firstRequestMs = firstRequestMs;
    this.#silence = new SilenceWatch(options.controlSilenceMs ?? CONTROL_SILENCE_MS);
    this.#reserved = { speed: new SpeedTest(), onControl: options.onControl };
    this.#server = new LastingServer(() => this.#listen(certificate, options));
    const unwatch = guard?.watch(() =>
      this.#closeGuests((guest) => guest.admitted && !guard.admits(guest.id!))
    );
    this.finished = this.#server.finished.then(async () => {
      unwatch?.();
      await this.#drain();
    });
  }

  get addr(): Deno.NetAddr {
    return this.#server.addr;
  }

  #listen(
    { cert, key }: Deno.TlsCertifiedKeyPem,
    { onError }: ServeTunnelOptions,
  ): Deno.HttpServer<Deno.NetAddr> {
    const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve({
      ...{ hostname: "127.0.0.1", port: 0, cert, key },
      onListen: () => {}, // the default prints the port, which is nobody's business
      ...(onError ? { onError } : {}),
    }, (request, info) => this.#handle(request, info, doorBetween(info.remoteAddr, server.addr)));
    return server;
  }

  accept(stream: ByteStream, head?: Uint8Array): Promise<void> {
    const { remoteAddr } = stream;
    const guest = new Guest(remoteAddr, this.#firstRequestMs);
    // Who has got nothing yet, be he in the middle of TLS or not let in, makes room for whoever comes.
    const place = this.#shutdown ? null : this.#occupancy.enter(remoteAddr.hostname, () => guest.close());
    if (place === null) {
      guest.close();
      closeQuietly(stream);
      return Promise.resolve();
    }
    guest.place = place;
    const tunnel = new Tunnel(stream, guest, this.#pile);
    const carried = this.#carry(tunnel, head);
    this.#tunnels.set(tunnel, carried);
    return carried;
  }

  /** Never rejects. Nothing that is `async` waits for the end of a tunnel: it would be as large as all the rest of it. */
  #carry(tunnel: Tunnel, head?: Uint8Array): Promise<void> {
    const over = () => {
      if (tunnel.door !== undefined) this.#guests.delete(tunnel.door);
      tunnel.leave();
      this.#silence.delete(tunnel.guest);
      this.#tunnels.delete(tunnel);
    };
    return this.#join(tunnel, head).then(over, over); // it rejects where no descriptor was left
  }

  async #join(tunnel: Tunnel, head?: Uint8Array): Promise<SpliceResult> {
    const { addr } = this;
    const inner = await Deno.connect({ hostname: "127.0.0.1", port: addr.port });
    tunnel.door = doorBetween(inner.localAddr, addr);
    this.#guests.set(tunnel.door, tunnel.guest);
    if (this.#shutdown) tunnel.guest.close();
    return tunnel.join(inner, head);
  }

  #handle(
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
    door: string,
  ): Response | Promise<Response> {
    const guest = this.#guests.get(door);
    // TLS and HTTP are native, so this is the first place where an intruder from this machine can be told apart.
    if (!guest) return new Response(null, { status: 403, headers: { connection: "close" } });
    guest.serve(info.completed);
    const admitted = this.#admission.admit(guest, request.headers);
    if (admitted === true) return this.#answer(request, info, guest);
    return admitted.then((yes) => yes ? this.#answer(request, info, guest) : denial());
  }

  #answer(
    request: Request,
    { completed }: Deno.ServeHandlerInfo,
    guest: Guest,
  ): Response | Promise<Response> {
    const { id, remote: { hostname, port } } = guest;
    guest.place?.keep();
    const seen = this.#view.of(request, completed);
    const info: ServeInfo = {
      remoteAddr: { transport: "tcp", hostname, port },
      completed,
      get disconnected() {
        return guest.signal;
      },
      ...(id === undefined ? {} : { remoteId: id }),
    };
    const isOurs = isReserved(request.url);
    const response = isOurs ? answerReserved(seen, info, this.#reserved) : this.#handler(seen, info);
    return response instanceof Promise
      ? response.then((r) => this.#noteUpgrade(r, guest, isOurs))
      : this.#noteUpgrade(response, guest, isOurs);
  }

  /** A WebSocket looks after its own life, but ours, the control channel. */
  #noteUpgrade(response: Response, guest: Guest, isOurs: boolean): Response {
    if (response.status !== 101) return response;
    guest.upgrade();
    if (isOurs) this.#silence.add(guest);
    return response;
  }

  shutdown(): Promise<void> {
    return this.#shutdown ??= this.#stop();
  }

  /**
   * `Deno.serve` waits for connections that have not sent a request, so those end first. The others it closes
   * itself, and what it has written may still be on its way.
   */
  async #stop() {
    this.#closeGuests((guest) => guest.silent);
    const over = new AbortController();
    const stopped = this.#server.shutdown().then(() => this.finished);
    await Promise.race([stopped, this.#deserted(over.signal)]);
    over.abort();
  }

  /**
   * Resolves when no tunnel has been left for some time: nothing that is under way could reach anybody. In Deno 2.9 a WebSocket
   * whose peer goes while it is being opened never opens nor closes, and the native server would wait for it for ever.
   */
  async #deserted(signal: AbortSignal): Promise<void> {
    while (this.#tunnels.size > 0) await Promise.all(this.#tunnels.values());
    await delay(DRAIN_MS, { signal }).catch(() => {});
  }

  /** The server has written its last bytes, but they may still be on their way through the tunnels. */
  async #drain() {
    const timer = setTimeout(() => this.#closeGuests(() => true), DRAIN_MS);
    await Promise.all(this.#tunnels.values());
    clearTimeout(timer);
  }

  #closeGuests(which: (guest: Guest) => boolean) {
    for (const guest of this.#guests.values()) if (which(guest)) guest.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
}

/** A port that is in use towards one server may be so towards the next one, too. */
function doorBetween(from: Endpoint, to: Endpoint): string {
  return `${formatEndpoint(from)} ${to.port}`;
}
