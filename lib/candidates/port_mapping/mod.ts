/**
 * Ports that a router maps for us, so that anybody can reach them.
 *
 * @module
 */
export { type Gateway, gateways } from "./gateways.ts";
export {
  type MappingState,
  openPortMapping,
  type PortMapping,
  type PortMappingOptions,
} from "./port_mapper.ts";
export type { MappingProtocol } from "./_protocols.ts";
