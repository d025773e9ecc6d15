/**
 * One TCP path through the NATs of both sides.
 *
 * @module
 */
export type { ByteStream } from "../byte_stream.ts";
export { readExactly, writeAll } from "../io.ts";
export { keepAccepting } from "./_bound_socket.ts";
export { descriptorBudget } from "./_descriptors.ts";
export { DescriptorRoom } from "./_descriptor_room.ts";
export { NodeStream } from "./_node_stream.ts";
export { DOUBT_MS, type Outlook, outlook, type OutlookOptions, type Role, type Strategy } from "./outlook.ts";
export { denoStream, dialUnbound, openPort, type OpenPortOptions, type PunchPort } from "./port.ts";
export { type DialOptions, dialPersistently, race, type RaceOptions, type Winner } from "./race.ts";
export { type Dial, PUNCH_WINDOW_MS, schedule } from "./schedule.ts";
export {
  dialPorts,
  guessPorts,
  openMany,
  portsAhead,
  portsBetween,
  ROUND_MS,
  type VolleyOptions,
  type VolleySize,
  volleySize,
} from "./volley.ts";
