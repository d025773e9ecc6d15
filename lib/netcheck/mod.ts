/**
 * What does the network around this machine do to connections, and with whom will it connect?
 *
 * @module
 */
export type { MappingProtocol, MappingState } from "../candidates/mod.ts";
export type { ProbeOutcome } from "../check/mod.ts";
export type { Strategy } from "../punch/mod.ts";
export { formatNetLine, type NetLine, parseNetLine } from "./line.ts";
export { classifyMapping, type Sighting } from "./mapping.ts";
export { answersElsewhere, isWebOnly, reachServers, resolveServers } from "./servers.ts";
export { netcheck } from "./netcheck.ts";
export type { IPv6Report, NetcheckOptions, NetReport } from "./types.ts";
export type { UdpReport } from "./udp.ts";
export { type Odds, PEER_CLASSES, type PeerClass, prospects } from "./verdict.ts";
