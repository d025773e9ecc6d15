/**
 * Two peers, both behind NAT, open an ordinary WebSocket to each other: no port forwarding, no public address, no relay
 * and no signalling server.
 *
 * # Serving
 *
 * A handler of `Deno.serve`, nothing new to learn. The id is printed only once others can find it.
 *
 * ```ts ignore
 * import { loadIdentity, serve } from "@skip-public-ip/skip-public-ip";
 *
 * await using server = await serve((request, info) => {
 *   const { socket, response } = Deno.upgradeWebSocket(request);
 *   socket.onmessage = (event) => socket.send(event.data);
 *   return response;
 * }, { identity: await loadIdentity("./identity.pem") });
 * console.log(server.id);
 * await server.finished;
 * ```
 *
 * # Connecting
 *
 * What comes back is a native, open `WebSocket`; {@linkcode dial} gives `fetch` as well.
 *
 * ```ts ignore
 * import { connect } from "@skip-public-ip/skip-public-ip";
 *
 * const socket = await connect(id, { signal: AbortSignal.timeout(20_000) });
 * socket.send("hello");
 * ```
 *
 * # Serving what exists
 *
 * {@linkcode proxyTarget} is a handler that passes requests and WebSockets on to a web server, {@linkcode folderTarget} one that
 * serves files, {@linkcode tcpTarget} one that leads to any TCP service, and {@linkcode routes} puts several under one id.
 *
 * # How a connection comes about
 *
 * 1. The **id** is an Ed25519 public key ({@linkcode generateIdentity}).
 * 2. The serving peer publishes a **record**, signed with that key, in the BitTorrent DHT: its addresses as it and others see
 *    them. The connecting peer finds it there.
 * 3. Both gather **candidates**: their own addresses, and those under which the nodes of the DHT see them.
 * 4. The connecting peer **knocks**: it announces itself at the nodes that hold the record, which the serving peer polls.
 * 5. Both **punch**: they dial each other from the ports on which they listen, so that each NAT takes the other side's SYN for
 *    an answer.
 * 6. On every path that opens, the serving peer proves its id in a **check**. The first path that passes wins.
 *
 * # Encryption
 *
 * TLS 1.3 by the runtime itself. The certificate is made from the key of the id, and the connecting peer makes its trust
 * anchor from the id alone, under a name for which no public authority may issue. So whoever reads the traffic, answers in the
 * peer's place or runs the DHT learns nothing of what is said. `SECURITY.md` says what is promised, and what is not.
 *
 * # Who may connect
 *
 * Anyone who knows the id, unless `access` names peers or brings {@linkcode Invitations}. A connecting peer shows nothing that
 * tells who it is, unless it is given an `identity`: then it proves its id inside TLS, and the handler has it in
 * `info.remoteId`.
 *
 * # Failure
 *
 * What can go wrong between peers is a {@linkcode PeerError} with a `code` and a remedy; {@linkcode Progress} tells each
 * stage as it passes.
 *
 * @module
 */
import "./lib/runtime.ts"; // first: it says what is missing where nothing else could run
export { type AccessOptions, type Invitation, Invitations, type InviteOptions } from "./lib/access/mod.ts";
export {
  type ByteStream,
  connect,
  type ConnectOptions,
  dial,
  type DialOptions,
  type PathInfo,
  type Peer,
  type PeerStats,
  type StreamOptions,
  type Traffic,
  type WebSocketOptions,
} from "./lib/connect.ts";
export {
  type Contact,
  type Discovery,
  type Knock,
  type KnockContent,
  type MemoryEntry,
  MemoryHub,
  type MemoryHubOptions,
  type Observation,
  type Publication,
  type PublishOptions,
  type RawItem,
  type Reply,
  type Resolution,
  type ServiceDescription,
  type ServiceRecord,
} from "./lib/discovery/mod.ts";
export type { RoundTrips } from "./lib/control/mod.ts";
export type { Candidate, CandidateKind, Endpoint } from "./lib/endpoint.ts";
export type { Filtering, Mapping, Nat, PortRange, PortSequence, Refusal } from "./lib/nat.ts";
export { PeerError, type PeerErrorCode } from "./lib/errors.ts";
export {
  generateIdentity,
  Identity,
  loadIdentity,
  parsePeerId,
  saveIdentity,
  type SaveIdentityOptions,
} from "./lib/identity/mod.ts";
export {
  type IPv6Report,
  type MappingProtocol,
  type MappingState,
  netcheck,
  type NetcheckOptions,
  type NetReport,
  type Odds,
  type ProbeOutcome,
  type Strategy,
  type UdpReport,
} from "./lib/netcheck/mod.ts";
export type { NetworkOptions } from "./lib/network.ts";
export type { OnProgress, PathKind, Progress } from "./lib/progress.ts";
export { serve, type ServeHandler, type ServeInfo, type ServeOptions, type Server } from "./lib/serve.ts";
export {
  type ClosableTarget,
  type FaultCode,
  folderTarget,
  proxyTarget,
  type ProxyTargetOptions,
  type Route,
  routes,
  type Target,
  TargetFault,
  tcpTarget,
  type TcpTargetOptions,
} from "./lib/targets/mod.ts";
