/**
 * What two connected peers agree on between themselves, over a WebSocket of its own: further punches without the DHT, and
 * whether the path is still alive.
 *
 * @module
 */
export { ControlChannel, type ControlChannelOptions, type RoundTrips } from "./channel.ts";
export { type ControlMessage, decodeControl, encodeControl } from "./messages.ts";
export { answerControl } from "./responder.ts";
