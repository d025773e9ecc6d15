/**
 * Two peers, both behind NAT, open an ordinary WebSocket to each other: no port forwarding, no public address, no relay
 * and no signalling server.
 *
 * @module
 */
export {
  connect,
  type ConnectOptions,
  dial,
  type DialOptions,
  type PathInfo,
  type Peer,
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
export type { Candidate, CandidateKind, Endpoint, NatClass } from "./lib/endpoint.ts";
export { PeerError, type PeerErrorCode } from "./lib/errors.ts";
export {
  generateIdentity,
  Identity,
  loadIdentity,
  parsePeerId,
  saveIdentity,
  type SaveIdentityOptions,
} from "./lib/identity/mod.ts";
export type { NetworkOptions } from "./lib/network.ts";
export type { OnProgress, PathKind, Progress } from "./lib/progress.ts";
export { serve, type ServeOptions, type Server } from "./lib/serve.ts";
