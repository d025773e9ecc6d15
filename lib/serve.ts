/**
 * The serving peer: publishes itself, answers knocks with a punch, proves itself on every path, and hands it to a
 * native `Deno.serve`.
 *
 * @module
 */
import type { AccessOptions } from "./access/mod.ts";
import { openAccess } from "./_access.ts";
import { Gate } from "./_gate.ts";
import { answerControl } from "./control/mod.ts";
import type { Discovery } from "./discovery/mod.ts";
import { isPort, parseHostPort } from "./endpoint.ts";
import { generateIdentity, type Identity } from "./identity/mod.ts";
import { votesOf } from "./_nat_watcher.ts";
import { ObserverAnnouncer } from "./_observer_announcer.ts";
import { type Network, type NetworkOptions, openNetwork, PUBLIC_STUN, reportOnline } from "./network.ts";
import { Prober } from "./_prober.ts";
import { PublishedService } from "./_published_service.ts";
import { reporter } from "./progress.ts";
import { DescriptorRoom, openPort, type PunchPort } from "./punch/mod.ts";
import { type OnControl, type ServeHandler, type ServeInfo, serveTunnel } from "./tunnel/mod.ts";

export type { ServeHandler, ServeInfo };

/** A random UDP port may be taken for TCP; so many times we try another. */
const PORT_ATTEMPTS = 8;

/** Options of {@linkcode serve}. */
export interface ServeOptions extends NetworkOptions {
  /** Who we are; a new identity by default, so that the id is another after each start. */
  readonly identity?: Identity;
  /** Who may connect; by default everybody who knows the id. */
  readonly access?: AccessOptions;
  /** UDP and TCP port, the same number for both. @default {0} any */
  readonly port?: number;
  /** Shuts the server down like {@linkcode Server.shutdown}. Rejects `serve` with its reason while it is starting. */
  readonly signal?: AbortSignal;
  /**
   * Whether to be named in the DHT, to peers that look for somebody who tells them how their NAT treats them, once we know
   * that anybody can reach us. It shows our address, not our id.
   *
   * @default {true}
   */
  readonly observer?: boolean;
  /** Makes the response when the handler throws; as in `Deno.serve`. */
  readonly onError?: (error: unknown) => Response | Promise<Response>;
}

/** A running service: what `Deno.serve` gives, with `id` in place of `addr`. */
export interface Server extends AsyncDisposable {
  /** 52 characters by which others reach it. */
  readonly id: string;
  /** The local port, UDP and TCP. */
  readonly port: number;
  /** Resolves once it has stopped. */
  readonly finished: Promise<void>;
  /** Finishes the requests under way and stops. Idempotent. */
  shutdown(): Promise<void>;
}

/**
 * Serves HTTP and WebSocket requests to everybody who knows the id, from behind any NAT that can be punched.
 *
 * Resolves once a lookup can find the service; while there is no network it waits, and reports `offline`.
 *
 * @example Echo
 * ```ts
 * import { connect, serve } from "@skip-public-ip/skip-public-ip";
 *
 * await using server = await serve((request) => {
 *   const { socket, response } = Deno.upgradeWebSocket(request);
 *   socket.onmessage = (event) => socket.send(event.data);
 *   return response;
 * }, { bootstrap: [] }); // a network of its own, for this example: leave it out on the internet
 *
 * const socket = await connect(server.id, { bootstrap: [`127.0.0.1:${server.port}`] });
 * socket.send("hello");
 * const { data } = await new Promise<MessageEvent>((resolve) => socket.onmessage = resolve);
 * console.log(data); // hello
 * const closed = new Promise((resolve) => socket.onclose = resolve);
 * socket.close();
 * await closed;
 * ```
 *
 * @param handler As for `Deno.serve`; `info.remoteAddr` is the true address of the peer, `info.remoteId` its id if it shows it.
 * @throws {RangeError} If `port` is none.
 * @throws {Deno.errors.AddrInUse} If `port` is taken.
 * @throws {SyntaxError} If a bootstrap node is not `HOST:PORT`, or an allow list has something that is no id.
 * @throws {PeerError} `publish-failed` if the DHT answers, but too few nodes accept the record.
 */
export async function serve(handler: ServeHandler, options: ServeOptions = {}): Promise<Server> {
  const { signal, onError, port: wanted = 0, identity = generateIdentity() } = options;
  if (wanted !== 0 && !isPort(wanted)) {
    throw new RangeError(`Cannot serve: the port must be 0 to 65535, current value is ${wanted}`);
  }
  const servers = (options.stun ?? PUBLIC_STUN).map(parseHostPort);
  signal?.throwIfAborted();
  const start = performance.now();
  const report = reporter(options.onProgress);

  await using stack = new AsyncDisposableStack();
  const guard = options.access && stack.use(await openAccess(options.access, report));
  // Who serves can be reached before he can be found.
  let service: PublishedService | undefined = undefined;
  const onControl: OnControl = (socket, remote) =>
    answerControl(socket, remote, (knock) => service?.answer(knock));
  const room = new DescriptorRoom();
  const more = { room, ...(onError ? { onError } : {}), ...(guard ? { guard } : {}) };
  const tunnel = stack.use(
    await serveTunnel(handler, { identity, onControl, ...more }),
  );
  const prober = new Prober();
  const gate = stack.use(new Gate(identity, tunnel, report, { probe: prober.probe, room }));
  stack.use(prober); // ended before the gate, which waits for its probes
  const { network, port, announcer } = await openPorts(options, wanted, gate);
  stack.use(network);
  stack.use(announcer);
  stack.use(port);
  stack.use(reportOnline(network.discovery, report));
  const { discovery } = network;
  const portMapping = options.portMapping ?? true;
  service = stack.use(
    new PublishedService({ discovery, identity, port, announcer, servers, portMapping, gate, report }),
  );
  await service.publish(signal);
  report({ type: "ready", id: identity.id, ms: performance.now() - start });
  return makeServer({ id: identity.id, port: port.port }, stack.move(), signal);
}

/** A UDP and a TCP port of the same number, since observations of one are to say something of the other. */
async function openPorts(
  options: ServeOptions,
  wanted: number,
  gate: Gate,
): Promise<{ network: Network; port: PunchPort; announcer: ObserverAnnouncer }> {
  for (let attempt = 1;; attempt++) {
    const network = await openNetwork(options, { port: wanted });
    try {
      const announcer = new ObserverAnnouncer({
        announce: () => network.discovery.announceObserver(port.port),
        ownAddress: () => options.observer === false ? undefined : untranslated(network.discovery),
      });
      const port = await openPort({
        port: network.discovery.port || wanted,
        onConnection(stream) {
          announcer.arrived(stream.remoteAddr);
          gate.admit(stream);
        },
      });
      return { network, port: announcer.watch(port), announcer };
    } catch (error) {
      await network[Symbol.asyncDispose]();
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      if (wanted === 0 && !options.discovery && attempt < PORT_ATTEMPTS) continue;
      throw new Deno.errors.AddrInUse(
        `Cannot serve: TCP port ${network.discovery.port} is in use by another program`,
        { cause: error },
      );
    }
  }
}

/** Our public address if it is one of our own. */
function untranslated(discovery: Discovery): string | undefined {
  const { nat, publicAddress } = votesOf(discovery);
  return nat.mapping === "open" ? publicAddress : undefined;
}

function makeServer(
  about: { id: string; port: number },
  resources: AsyncDisposableStack,
  signal: AbortSignal | undefined,
): Server {
  const finished = Promise.withResolvers<void>();
  let stopping = false;
  const shutdown = async () => {
    if (!stopping) {
      stopping = true;
      signal?.removeEventListener("abort", stop);
      await resources.disposeAsync().then(finished.resolve, finished.reject);
    }
    await finished.promise;
  };
  const stop = () => void shutdown().catch(() => {}); // `finished` tells
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop(); // by whoever was told that it is ready
  return { ...about, finished: finished.promise, shutdown, [Symbol.asyncDispose]: shutdown };
}
