/**
 * Attacks on a serving peer, each of which goes on until it is disposed of: tests show that honest peers are served meanwhile,
 * and `deno task bench attacks` how fast.
 *
 * @module
 */
import { encodeStun, newTransactionId, StunType } from "../../lib/candidates/mod.ts";
import { checkPath } from "../../lib/check/mod.ts";
import { parsePeerId, peerHostname, trustAnchor } from "../../lib/identity/mod.ts";
import { denoStream } from "../../lib/punch/mod.ts";
import { Crowd, type CrowdOptions, type Stranger } from "./_strangers.ts";
import type { Target } from "./_target.ts";

/** More than a serving peer lets in before TLS, from more places than it would take to fill it. */
const CROWD = { size: 1500, addresses: 64, perSecond: 1500 } as const;

/** The beginning of a ClientHello of 512 bytes. */
export const HALF_HELLO: Uint8Array = Uint8Array.of(
  22,
  3,
  1,
  2,
  0,
  1,
  0,
  1,
  252,
  3,
  3,
  ...new Uint8Array(32),
);

/** A STUN request that asks for no id. */
export function plainRequest(): Uint8Array {
  return encodeStun({ type: StunType.request, transactionId: newTransactionId(), attributes: new Map() });
}

/** Connections on which nothing is ever said. */
export function silence({ port }: Target, options: Partial<CrowdOptions> = {}): Crowd {
  return new Crowd({ port, ...CROWD, ...options });
}

/** Checks of which a byte comes now and then. */
export function slowChecks({ port }: Target, options: Partial<CrowdOptions> = {}): Crowd {
  const act = (stranger: Stranger) => {
    const request = plainRequest();
    let said = 0;
    const timer = setInterval(() => stranger.say(request.subarray(said, ++said)), 500);
    void stranger.closed.then(() => clearInterval(timer));
  };
  return new Crowd({ port, ...CROWD, act, ...options });
}

/** TLS that begins and does not go on. */
export function halfOpenTls({ port }: Target, options: Partial<CrowdOptions> = {}): Crowd {
  return new Crowd({ port, ...CROWD, act: (stranger) => stranger.say(HALF_HELLO), ...options });
}

/** The same, of strangers who know the id: TLS begins after a check. */
export function halfOpenTlsWithId({ id, port }: Target, options: Partial<CrowdOptions> = {}): Crowd {
  const { publicKey } = parsePeerId(id);
  const act = async (stranger: Stranger) => {
    await checkPath(stranger, publicKey).catch(() => {}); // shown out
    stranger.say(HALF_HELLO);
  };
  return new Crowd({ port, ...CROWD, act, ...options });
}

/** A TLS connection to a serving peer, of somebody who knows its id, and speaks HTTP as he likes. */
export async function openTls(
  { id, port }: Pick<Target, "id" | "port">,
  alpnProtocols: string[] = ["http/1.1"],
): Promise<Deno.TlsConn> {
  const { publicKey } = parsePeerId(id);
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await checkPath(denoStream(conn), publicKey);
  const caCerts = [await trustAnchor(publicKey)];
  const tls = await Deno.startTls(conn, {
    hostname: peerHostname(id),
    caCerts,
    alpnProtocols,
  });
  try {
    await tls.handshake();
    return tls;
  } catch (error) {
    tls.close();
    throw error;
  }
}

/** A WebSocket of somebody who knows the id: open and silent, on a connection that he writes himself. */
export async function openSocket(target: Pick<Target, "id" | "port">): Promise<Deno.TlsConn> {
  const tls = await openTls(target);
  try {
    await tls.write(upgradeRequest());
    const answer = new Uint8Array(1024);
    const length = await tls.read(answer);
    const status = new TextDecoder().decode(answer.subarray(0, length ?? 0)).slice(0, 12);
    if (status !== "HTTP/1.1 101") throw new Error(`no WebSocket: ${status}`);
    return tls;
  } catch (error) {
    tls.close();
    throw error;
  }
}

/** What a request for a WebSocket looks like. */
export function upgradeRequest(headers: Record<string, string> = {}): Uint8Array<ArrayBuffer> {
  const all = {
    "host": "x",
    "upgrade": "websocket",
    "connection": "upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return new TextEncoder().encode(`GET / HTTP/1.1\r\n${lines}\r\n`);
}

/** The header of a masked binary frame; `opcode` 0 continues a message, 0x80 is added to the last one. */
export function frameHeader(length: number, opcode: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(14); // the mask is zero
  header[0] = opcode;
  header[1] = 0x80 | 127;
  new DataView(header.buffer).setBigUint64(2, BigInt(length));
  return header;
}
