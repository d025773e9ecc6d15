/**
 * A path in, native HTTP and WebSocket out: TLS that proves the id, on both sides by the runtime's own means.
 *
 * @module
 */
export { openClient, type TunnelClient, type TunnelClientOptions } from "./client.ts";
export { type HelloOptions, sayHello } from "./hello.ts";
export type { WebSocketOptions } from "./_open_web_socket.ts";
export { CONTROL_PATH, type OnControl } from "./_reserved.ts";
export { serveTunnel, type ServeTunnelOptions, type ServingTunnel } from "./server.ts";
export { splice, type SpliceOptions, type SpliceResult } from "./splice.ts";
export type { ServeHandler, ServeInfo } from "./types.ts";
