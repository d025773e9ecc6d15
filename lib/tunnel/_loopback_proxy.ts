import { createHash, timingSafeEqual } from "node:crypto";
import { utf8 } from "../bytes.ts";
import { PeerError } from "../errors.ts";
import type { ByteStream } from "../punch/mod.ts";
import { acceptSocks, replySocks, SOCKS_REPLY } from "./socks5.ts";
import { closeQuietly, splice } from "./splice.ts";
import { TlsWitness } from "./_tls_witness.ts";

/** Our own client sends its greeting at once. */
const GREETING_MS = 5_000;
/** Connections that have not shown their credentials; ours need a millisecond for that. */
const MAX_GREETING = 64;
const RETRY_ACCEPT_MS = 50;
/** TLS takes two round trips. Native clients would wait for ever, and whoever relays a check may let them. */
const HANDSHAKE_MS = 10_000;

/** The right to open paths through the proxy, and what became of them. */
export class Ticket {
  /** Goes into the URL of the proxy. */
  readonly username: string = randomHex();
  /** Secret. */
  readonly password: string = randomHex();
  /** Why the newest path could not be opened. */
  failure: unknown;
  /** How often that happened. */
  failures = 0;
  /** What is known of the newest path's TLS; absent until it is open. */
  tls: TlsWitness | undefined;
  /** Ends its paths. */
  readonly until: AbortSignal | undefined;
  readonly #opened = Promise.withResolvers<void>();
  /** Resolves once a path is open. */
  readonly opened: Promise<void> = this.#opened.promise;

  constructor(until?: AbortSignal) {
    this.until = until;
  }

  /** A path is open. */
  open(): TlsWitness {
    this.#opened.resolve();
    return this.tls = new TlsWitness();
  }
}

/** Options of {@linkcode LoopbackProxy}. */
export interface LoopbackProxyOptions {
  /** The names of the peer; no other may be asked for. */
  readonly hostnames: readonly string[];
  /** Makes a path to it. */
  readonly openPath: (signal: AbortSignal) => Promise<ByteStream>;
  /** How long TLS on a path may take. @default {10_000} */
  readonly handshakeMs?: number;
}

/** A SOCKS5 server on loopback through which native clients with a ticket, and nobody else, reach one peer. */
export class LoopbackProxy {
  readonly #options: LoopbackProxyOptions;
  readonly #listener: Deno.TcpListener;
  readonly #tickets = new Map<string, Ticket>();
  readonly #closing = new AbortController();
  readonly #connections = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  #greeting = 0;

  constructor(options: LoopbackProxyOptions) {
    this.#options = options;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accepting = this.#accept();
  }

  /** What `Deno.createHttpClient` needs. */
  settings({ username, password }: Ticket): Deno.Proxy {
    // socks5h: the proxy resolves the name, and no DNS server hears of it. A unix socket would cost less, but through one, as through
    // `transport: "tcp"`, Deno 2.9 sends `https:` and `wss:` without TLS.
    const url = `socks5h://127.0.0.1:${this.#listener.addr.port}`;
    return { transport: "socks5", url, basicAuth: { username, password } };
  }

  /** Makes credentials that are good until {@linkcode LoopbackProxy.cancel}; `until` ends the paths that they have opened. */
  issue(until?: AbortSignal): Ticket {
    const ticket = new Ticket(until);
    this.#tickets.set(ticket.username, ticket);
    return ticket;
  }

  /** The ticket opens no more paths; those that are open stay. */
  cancel(ticket: Ticket): void {
    this.#tickets.delete(ticket.username);
  }

  /** Ends everything. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort(new PeerError("closed", "Cannot go on: the peer was closed"));
      this.#listener.close();
    }
    await this.#accepting;
    await Promise.all(this.#connections);
  }

  async #accept() {
    while (!this.#closing.signal.aborted) {
      try {
        this.#admit(await this.#listener.accept());
      } catch { // closed, or out of descriptors: not to be asked again at once
        if (!this.#closing.signal.aborted) {
          await new Promise((resolve) => setTimeout(resolve, RETRY_ACCEPT_MS));
        }
      }
    }
  }

  #admit(connection: Deno.TcpConn) {
    if (this.#greeting >= MAX_GREETING) return connection.close();
    const serving = this.#serve(connection).catch(() => {}).finally(() => {
      closeQuietly(connection);
      this.#connections.delete(serving);
    });
    this.#connections.add(serving);
  }

  async #serve(connection: Deno.TcpConn) {
    connection.setNoDelay();
    const { hostname, port, ticket } = await this.#greet(connection);
    if (!this.#options.hostnames.includes(hostname) || port !== 443) {
      return await replySocks(connection, SOCKS_REPLY.notAllowed);
    }
    // Reading ahead is how we notice a client that no longer waits; what comes is the beginning of TLS.
    const buffer = new Uint8Array(4096);
    const first = connection.read(buffer);
    const path = await this.#open(first, ticket);
    if (path === null) return await replySocks(connection, SOCKS_REPLY.hostUnreachable);
    const tls = ticket.open();
    const late = setTimeout(() => closeQuietly(path), this.#options.handshakeMs ?? HANDSHAKE_MS);
    void tls.verdict.then(() => clearTimeout(late));
    try {
      await replySocks(connection, SOCKS_REPLY.succeeded);
      const head = buffer.subarray(0, await first ?? 0);
      tls.see(head);
      const signal = AbortSignal.any([this.#closing.signal, ...(ticket.until ? [ticket.until] : [])]);
      await splice(tls.watch(connection), path, { head, signal });
    } finally {
      tls.end();
      closeQuietly(path);
    }
  }

  async #greet(connection: Deno.TcpConn) {
    const close = () => closeQuietly(connection);
    const timer = setTimeout(close, GREETING_MS);
    this.#closing.signal.addEventListener("abort", close);
    this.#greeting++;
    try {
      return await acceptSocks(connection, (name, password) => this.#authorize(name, password));
    } finally {
      this.#greeting--;
      clearTimeout(timer);
      this.#closing.signal.removeEventListener("abort", close);
    }
  }

  /** Names are no secret; passwords are compared in constant time. */
  #authorize(username: Uint8Array, password: Uint8Array): Ticket | null {
    const ticket = this.#tickets.get(new TextDecoder().decode(username));
    const right = timingSafeEqual(digest(password), digest(utf8(ticket?.password ?? "")));
    return ticket && right ? ticket : null;
  }

  /** The path, or `null` where there is none. A client that goes away while it waits ends the attempt. */
  async #open(first: Promise<number | null>, ticket: Ticket): Promise<ByteStream | null> {
    const waiting = new AbortController();
    const leave = () => waiting.abort(new DOMException("Nobody waits for the path any more", "AbortError"));
    first.then((length) => length === null && leave(), leave);
    const signal = AbortSignal.any([this.#closing.signal, waiting.signal]);
    try {
      const path = await this.#options.openPath(signal);
      if (!signal.aborted) return path;
      closeQuietly(path);
      throw signal.reason;
    } catch (error) {
      ticket.failure = error;
      ticket.failures++;
      return null;
    }
  }
}

function randomHex(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toHex();
}

function digest(data: Uint8Array): Uint8Array {
  return createHash("sha256").update(data).digest();
}
