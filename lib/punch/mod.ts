/**
 * One TCP path through the NATs of both sides.
 *
 * @module
 */
export type { ByteStream } from "../byte_stream.ts";
export { readExactly, writeAll } from "../io.ts";
export { type Outlook, outlook } from "./outlook.ts";
export { denoStream, dialUnbound, openPort, type OpenPortOptions, type PunchPort } from "./port.ts";
export { type DialOptions, dialPersistently, race, type RaceOptions, type Winner } from "./race.ts";
export { type Dial, PUNCH_WINDOW_MS, schedule } from "./schedule.ts";
