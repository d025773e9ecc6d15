/**
 * The search for a router's UPnP description (UPnP Device Architecture 2.0, section 1.3).
 *
 * @module
 */
import { addressScope, type Endpoint, isPort } from "../../endpoint.ts";
import { exchange, type Letter } from "./_ask.ts";
import type { Gateway } from "./gateways.ts";

const SSDP_GROUP = "239.255.255.250";
const SSDP_PORT = 1900;
/** A router of version 2 answers to both; one of version 1 to its own alone. */
const TARGETS = [1, 2].map((version) => `urn:schemas-upnp-org:device:InternetGatewayDevice:${version}`);
const TARGET = /^urn:schemas-upnp-org:(device:InternetGatewayDevice|service:WAN(IP|PPP)Connection):\d{1,3}$/;
/** Answers are some hundred bytes. */
const MAX_ANSWER_BYTES = 4096;
const MAX_URL_LENGTH = 1024;

/** Options of {@linkcode findDescription}. */
export interface SearchOptions {
  readonly signal: AbortSignal;
  /** Where the router listens, for tests. @default {1900} */
  readonly port?: number | undefined;
}

/**
 * Where the router says that its description is; `null` if it does not answer, within 1.75 s. It is asked directly and by
 * multicast, as many listen to only one of the two, and believed only about itself. Rejects only with `signal.reason`.
 */
export async function findDescription(
  { hostname, client }: Gateway,
  { signal, port = SSDP_PORT }: SearchOptions,
): Promise<URL | null> {
  const isLocal = addressScope(hostname) === "loopback";
  const to = [hostname, ...(isLocal ? [] : [SSDP_GROUP])].map((hostname): Endpoint => ({ hostname, port }));
  const letters = to.flatMap((to) => TARGETS.map((target): Letter => ({ bytes: encodeSearch(target), to })));
  return await exchange(letters, (bytes, from) => {
    // The port may be another one.
    return from.address === hostname ? decodeSearchAnswer(bytes, hostname) : null;
  }, { client, signal });
}

/** An M-SEARCH request (section 1.3.2). */
export function encodeSearch(target: string): Uint8Array<ArrayBuffer> {
  const lines = [
    "M-SEARCH * HTTP/1.1",
    `HOST: ${SSDP_GROUP}:${SSDP_PORT}`,
    'MAN: "ssdp:discover"',
    "MX: 1",
    `ST: ${target}`,
  ];
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
}

/** The description's place in an answer to our search (section 1.3.3); `null` for anything else. Never throws. */
export function decodeSearchAnswer(bytes: Uint8Array, hostname: string): URL | null {
  if (bytes.length > MAX_ANSWER_BYTES) return null;
  const [status = "", ...lines] = new TextDecoder().decode(bytes).split(/\r?\n/);
  if (!/^HTTP\/1\.[01] 200\b/.test(status)) return null;
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, Math.max(colon, 0)).toLowerCase().trim(), line.slice(colon + 1).trim()];
  }));
  if (!TARGET.test(headers.get("st") ?? "")) return null;
  return urlAt(headers.get("location") ?? "", { hostname });
}

/** An HTTP URL at the router itself; `null` for any other: nobody makes us fetch from elsewhere. Never throws. */
export function urlAt(text: string, { hostname, base }: { hostname: string; base?: URL }): URL | null {
  if (text.length > MAX_URL_LENGTH) return null;
  const url = URL.parse(text, base);
  const isThere = url?.protocol === "http:" && url.hostname === hostname && isPort(Number(url.port || 80));
  return isThere ? url : null;
}
