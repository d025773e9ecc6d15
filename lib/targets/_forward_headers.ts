/**
 * Which headers a reverse proxy passes on.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
 * @module
 */
import type { PeerInfo } from "./target.ts";

/** Name and value, as they go over the wire. */
export type HeaderPair = [name: string, value: string];

/** Headers that concern one connection (RFC 9110 section 7.6.1), and those by which proxies log in to each other. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"],
  ...["proxy-authenticate", "proxy-authorization"],
]);

/** Answered by the native server already, or written anew by us. */
const OURS: ReadonlySet<string> = new Set(["host", "expect", "content-length", "http2-settings"]);

/** What only a proxy may say: from a client it would be a lie that the target believes. */
const CLAIM = /^(x-forwarded(-.*)?|forwarded|x-real-ip|x-skip-.*)$/;

/** What a request is passed on for. */
export interface Forwarding {
  readonly info: Deno.ServeHandlerInfo;
  /** The target's own authority. */
  readonly host: string;
  /** Where the target is mounted. */
  readonly mount: string;
}

/** The headers that the target gets in place of those of `request`, without any about the length of a body. */
export function requestHeaders(request: Request, { info, host, mount }: Forwarding): HeaderPair[] {
  const drop = droppedBy(request.headers.get("connection"));
  const passed = [...request.headers].filter(([name]) => !drop(name) && !OURS.has(name) && !isClaim(name));
  const { protocol, host: asked } = new URL(request.url);
  const { remoteId } = info as PeerInfo;
  return [
    ["host", host],
    ...passed,
    ["x-forwarded-for", (info.remoteAddr as Deno.NetAddr).hostname],
    ["x-forwarded-proto", protocol.slice(0, -1)],
    ["x-forwarded-host", asked],
    ...(mount === "" ? [] : [["x-forwarded-prefix", mount] as HeaderPair]),
    ...(remoteId === undefined ? [] : [["x-skip-remote-id", remoteId] as HeaderPair]),
  ];
}

/** CGI and its like cannot tell `_` from `-` in a header's name. */
function isClaim(name: string): boolean {
  return CLAIM.test(name.replaceAll("_", "-"));
}

/** The headers of an answer that go on to the peer. */
export function responseHeaders(pairs: readonly HeaderPair[]): Headers {
  const connection = pairs.filter(([name]) => name.toLowerCase() === "connection").map(([, value]) => value);
  const drop = droppedBy(connection.join());
  const headers = new Headers();
  for (const [name, value] of pairs) if (!drop(name.toLowerCase())) headers.append(name, value);
  return headers;
}

/** What stays behind: the hop-by-hop headers, and whatever else `Connection` names. */
function droppedBy(connection: string | null): (name: string) => boolean {
  const named = new Set((connection ?? "").split(",").map((token) => token.trim().toLowerCase()));
  return (name) => HOP_BY_HOP.has(name) || named.has(name);
}

/**
 * An address at the target's own origin, which nobody else could reach, becomes the same place at ours; every other one stays.
 */
export function relocate(location: string, target: URL, mount: string): string {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url?.origin !== target.origin) return location;
  const base = target.pathname.replace(/\/$/, "");
  const below = url.pathname === base || url.pathname.startsWith(`${base}/`);
  const path = below ? mount + url.pathname.slice(base.length) : url.pathname;
  return (path.startsWith("/") ? path.replace(/^\/+/, "/") : `/${path}`) + url.search + url.hash;
}
