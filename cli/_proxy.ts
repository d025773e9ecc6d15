import type { ByteStream } from "../lib/byte_stream.ts";
import { parsePeerId } from "../lib/identity/mod.ts";
import { writeAll } from "../lib/io.ts";
import {
  acceptOpenSocks,
  dialTcp,
  type LocalStream,
  replySocks,
  SOCKS_REPLY,
  type SocksDestination,
  splice,
} from "../lib/tunnel/mod.ts";
import { CommandError, Exit, explain } from "./_exit.ts";
import { destination, HeadError, originHead, readHead, type RequestHead } from "./_http_head.ts";
import { isName } from "./_names.ts";
import type { Peers } from "./_peers.ts";

/** A client on this machine says what it wants at once. */
const GREETING_MS = 10_000;
/** How long it may take to reach whatever is asked for. */
const OPEN_MS = 30_000;
const SOCKS_VERSION = 5;
/** A peer's host as it may stand in a URL: an id or a petname, without a user's name or anything else. */
const PEER_HOST = /^([a-z0-9-]+)\.skip\.alt$/;

/** What a {@linkcode ProxySession} works with. */
export interface ProxyOptions {
  readonly peers: Pick<Peers, "use">;
  /** The petnames, as they are just now. */
  readonly names: () => Promise<ReadonlyMap<string, string>>;
  /** Whether hosts that are no peers may be asked for. */
  readonly any: boolean;
  /** Told of each connection that could not be opened, and why. */
  readonly onFailure: (host: string, error: unknown) => void;
}

/** A host that this proxy does not lead to. */
class NotAllowed extends CommandError {
  /** `message` names the host. */
  constructor(message: string) {
    const hint = "Ask for http://<id or name>.skip.alt/; skip proxy --any leads to other hosts, too.";
    super(message, { code: "not-allowed", exit: Exit.failed, what: "This proxy does not lead there", hint });
  }
}

/** Serves one connection of a client: SOCKS5 or HTTP, by its first byte. Rejects where it breaks off. */
export async function serveProxy(
  client: LocalStream,
  options: ProxyOptions,
  signal: AbortSignal,
): Promise<void> {
  const timer = setTimeout(() => client.reset(), GREETING_MS);
  const stop = () => clearTimeout(timer);
  try {
    const first = new Uint8Array(1);
    if (await client.read(first) === null) return client.close();
    const whole = behind(first, client);
    const serve = first[0] === SOCKS_VERSION ? serveSocks : serveHttp;
    await serve(whole, options, signal, stop);
  } finally {
    stop();
  }
}

/** `client` from its first byte on. */
function behind(first: Uint8Array, client: LocalStream): ByteStream {
  let given = false;
  return readBy((buffer) => {
    if (given) return client.read(buffer);
    given = true;
    buffer.set(first);
    return Promise.resolve(first.length);
  }, client);
}

/** `client`, of which `read` says what is read. */
function readBy(read: ByteStream["read"], client: ByteStream): ByteStream {
  return {
    localAddr: client.localAddr,
    remoteAddr: client.remoteAddr,
    read,
    write: (data) => client.write(data),
    closeWrite: () => client.closeWrite(),
    close: () => client.close(),
    reset: () => client.reset ? client.reset() : client.close(),
  };
}

type Serve = (
  client: ByteStream,
  options: ProxyOptions,
  signal: AbortSignal,
  greeted: () => void,
) => Promise<void>;

const serveSocks: Serve = async (client, options, signal, greeted) => {
  const destination = await acceptOpenSocks(client);
  greeted();
  await open(destination, {
    ...{ ...options, signal },
    async refuse(error) {
      const isRefused = error instanceof NotAllowed;
      await replySocks(client, isRefused ? SOCKS_REPLY.notAllowed : SOCKS_REPLY.hostUnreachable);
      await client.closeWrite();
      client.close();
    },
    async use(remote) {
      await replySocks(client, SOCKS_REPLY.succeeded);
      await splice(client, remote, { signal });
    },
  });
};

const serveHttp: Serve = async (client, options, signal, greeted) => {
  try {
    const { head, rest } = await readHead(client);
    greeted();
    const url = destination(head);
    const hostname = url.hostname.replace(/^\[|\]$/g, "");
    await open({ hostname, port: Number(url.port) || 80 }, {
      ...{ ...options, signal },
      refuse: (error) => answer(client, ...refusal(error)),
      use: (remote) => passOn(client, remote, { head, url, rest, signal }),
    });
  } catch (error) {
    if (!(error instanceof HeadError)) throw error;
    await answer(client, error.status, error.message);
  }
};

/** Joins the two after CONNECT; otherwise sends the one request that was read. */
async function passOn(
  client: ByteStream,
  remote: ByteStream,
  { head, url, rest, signal }: { head: RequestHead; url: URL; rest: Uint8Array; signal: AbortSignal },
) {
  if (head.method === "CONNECT") {
    await writeAll(client, encode("HTTP/1.1 200 Connection established\r\n\r\n"));
    await splice(client, remote, { head: rest, signal });
  } else {
    await writeAll(remote, originHead(head, url));
    await splice(once(client, head.bodyBytes, rest), remote, { signal });
  }
}

/** What becomes of a connection: one of the two. */
interface Opening {
  readonly signal: AbortSignal;
  readonly refuse: (error: unknown) => Promise<void>;
  readonly use: (remote: ByteStream) => Promise<void>;
}

/** Finds the way to a host; either `refuse` or `use` is called. */
async function open(
  { hostname, port }: SocksDestination,
  { peers, names, any, onFailure, signal, refuse, use }: ProxyOptions & Opening,
): Promise<void> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(OPEN_MS)]);
  let isUsed = false;
  const useRemote = async (remote: ByteStream) => {
    isUsed = true;
    await use(remote);
  };
  try {
    const id = await peerAt({ hostname, port }, { any, names });
    if (id === undefined) return await useRemote(await dialTcp({ hostname, port }, until));
    await peers.use(
      id,
      async (peer) => useRemote(await peer.openStream({ signal: until, bare: port === 443 })),
    );
  } catch (error) {
    if (isUsed) throw error;
    if (!signal.aborted) onFailure(hostname, error);
    await refuse(error);
  }
}

/** The id of the peer whose host it is; `undefined` for one that may be dialled. Throws {@linkcode NotAllowed} for others. */
async function peerAt(
  { hostname, port }: SocksDestination,
  { any, names }: Pick<ProxyOptions, "any" | "names">,
): Promise<string | undefined> {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  const label = host.match(PEER_HOST)?.[1];
  if (label === undefined && any && !host.endsWith(".alt")) return undefined;
  const id = label === undefined ? undefined : isName(label) ? (await names()).get(label) : readId(label);
  if (id !== undefined && (port === 443 || port === 80)) return id;
  if (label !== undefined && id === undefined && isName(label)) {
    throw new NotAllowed(`there is no peer with the name "${label}"`);
  }
  throw new NotAllowed(`${hostname}:${port} is not a peer's port 80 or 443`);
}

function readId(label: string): string | undefined {
  try {
    return parsePeerId(label).id;
  } catch {
    return undefined;
  }
}

/**
 * The body of one request, and then nothing: a second request on the connection might be meant for another host, and must not
 * arrive at this one.
 */
function once(client: ByteStream, length: number, rest: Uint8Array): ByteStream {
  let [left, waiting] = [length, rest];
  return readBy(async (buffer) => {
    const room = left > 0 ? buffer.subarray(0, left) : buffer;
    let n: number | null = Math.min(waiting.length, room.length);
    room.set(waiting.subarray(0, n));
    waiting = waiting.subarray(n);
    if (n === 0) n = await client.read(room);
    if (n !== null && left === 0) {
      throw new Deno.errors.InvalidData("A second request came on one connection");
    }
    left -= n ?? 0;
    return n;
  }, client);
}

function refusal(error: unknown): [status: string, text: string] {
  const { what, why, hint } = explain(error);
  const status = error instanceof NotAllowed ? "403 Forbidden" : "502 Bad Gateway";
  return [status, `${what}.\n\n${why}.\n\n${hint}`];
}

async function answer(client: ByteStream, status: string, text: string): Promise<void> {
  const body = encode(`${text}\n`);
  const lines = [
    `HTTP/1.1 ${status}`,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${body.length}`,
  ];
  await writeAll(client, encode([...lines, "Connection: close", "", ""].join("\r\n")));
  await writeAll(client, body);
  await client.closeWrite();
  client.close();
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
