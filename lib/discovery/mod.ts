/**
 * How peers find each other without a server: records and knocks in the BitTorrent DHT.
 *
 * @module
 */
export { PUBLIC_BOOTSTRAP } from "./bootstrap.ts";
export { DhtDiscovery, type DiscoveryOptions, openDiscovery } from "./dht_discovery.ts";
export { MemoryDiscovery, type MemoryEntry, MemoryHub, type MemoryHubOptions } from "./memory_discovery.ts";
export { DhtNode } from "./node.ts";
export type { DhtNodeOptions } from "./node_options.ts";
export { decodePong, encodePing } from "./ping.ts";
export { decodeRecord, encodeRecord, MAX_RECORD_BYTES, MAX_RECORD_CANDIDATES } from "./record.ts";
export type * from "./types.ts";
