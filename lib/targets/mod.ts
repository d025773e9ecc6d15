/**
 * What a serving peer can serve besides a handler of its own: each target is one.
 *
 * @module
 */
export { tcpTarget } from "./tcp.ts";
