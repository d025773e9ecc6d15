/**
 * A path in, native HTTP and WebSocket out: TLS that proves the id, on both sides by the runtime's own means.
 *
 * @module
 */
export { openClient, type StreamOptions, type TunnelClient, type TunnelClientOptions } from "./client.ts";
export { type HelloOptions, sayHello } from "./hello.ts";
export type { WebSocketOptions } from "./_open_web_socket.ts";
export { CONTROL_PATH, type OnControl } from "./_reserved.ts";
export { dialTcp, listenTcp, type LocalConnection, type LocalListener, LocalStream } from "./local_tcp.ts";
export { serveTunnel, type ServeTunnelOptions, type ServingTunnel } from "./server.ts";
export { TCP_PROTOCOL, webSocketStream } from "./web_socket_stream.ts";
export { acceptOpenSocks, replySocks, SOCKS_REPLY, type SocksDestination } from "./socks5.ts";
export { splice, type SpliceOptions, type SpliceResult } from "./splice.ts";
export type { ServeHandler, ServeInfo } from "./types.ts";
