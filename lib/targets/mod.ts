/**
 * What a serving peer can stand in front of: a web server, a TCP service, a folder, or several of them.
 *
 * @module
 */
export { type FaultCode, TargetFault } from "./_fault.ts";
export { addressesOf } from "./_localhost.ts";
export { folderTarget } from "./folder.ts";
export { openTarget, type OpenTargetOptions } from "./open.ts";
export { parseTarget, type TargetAddress } from "./parse.ts";
export { proxyTarget, type ProxyTargetOptions } from "./proxy.ts";
export { parseMount, type Route, routes } from "./routes.ts";
export { tcpTarget, type TcpTargetOptions } from "./tcp.ts";
export type { ClosableTarget, PeerInfo, Target } from "./target.ts";
