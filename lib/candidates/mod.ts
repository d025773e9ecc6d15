/**
 * Where a peer may be reached: its own addresses, those under which others see it, and which of a peer's
 * addresses are worth dialling.
 *
 * @module
 */
export { dialable, type Source, type Vantage } from "./dialable.ts";
export { gatherCandidates, type GatherOptions, type LocalCandidates } from "./gather.ts";
export {
  type MappingProtocol,
  type MappingState,
  openPortMapping,
  type PortMapping,
} from "./port_mapping/mod.ts";
export { type InterfaceAddress, interfaceAddresses } from "./host.ts";
export { reflect, type Reflection } from "./reflexive.ts";
export * from "./stun.ts";
