/**
 * The UDP socket under a DHT node.
 *
 * @module
 */
import { createSocket, type Socket } from "node:dgram";
import type { Endpoint } from "../endpoint.ts";

/** What a DHT node needs of a UDP socket; the tests have one in memory. */
export interface DatagramSocket {
  /** Where it is bound. */
  readonly address: Endpoint;
  /** Receives each datagram, in a microtask of its own. `data` is only valid during the call. */
  onDatagram?: (data: Uint8Array, from: Endpoint) => void;
  /** Sends, or loses the datagram as the network would. Never throws. */
  send(data: Uint8Array, to: Endpoint): void;
  /** Idempotent; nothing is received once it is called. */
  close(): Promise<void>;
}

/**
 * Binds a UDP port on IPv4; 0 is any.
 * Throws `Deno.errors.AddrInUse` when another socket has it, or what else the system says.
 */
export async function openUdpSocket(at: Endpoint): Promise<DatagramSocket> {
  const socket = createSocket({ type: "udp4" });
  try {
    await bound(socket, at);
  } catch (error) {
    await closed(socket);
    throw explain(error, at);
  }
  return new UdpSocket(socket);
}

function bound(socket: Socket, at: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("listening", () => {
      socket.off("error", reject);
      resolve();
    });
    socket.bind({ port: at.port, address: at.hostname, exclusive: true });
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      resolve(); // it was never open
    }
  });
}

function explain(error: unknown, { hostname, port }: Endpoint): unknown {
  if ((error as { code?: string }).code !== "EADDRINUSE") return error;
  return new Deno.errors.AddrInUse(
    `Cannot open the DHT node: UDP port ${port} of ${hostname} is in use by another program`,
    { cause: error },
  );
}

class UdpSocket implements DatagramSocket {
  readonly address: Endpoint;
  onDatagram?: (data: Uint8Array, from: Endpoint) => void;
  readonly #socket: Socket;
  #closing: Promise<void> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const { address, port } = socket.address();
    this.address = { hostname: address, port };
    // Deno swallows what is thrown inside dgram's callbacks, Node dies of it; so nothing runs inside them.
    socket.on("message", (data, from) => {
      queueMicrotask(() => this.#receive(data, { hostname: from.address, port: from.port }));
    });
    // No larger receive buffer: Deno allocates as much for each datagram.
    socket.on("error", () => {}); // an ICMP error of some datagram; who waits for an answer times out
  }

  send(data: Uint8Array, to: Endpoint): void {
    if (this.#closing) return;
    try {
      this.#socket.send(data, to.port, to.hostname, () => {});
    } catch {
      // an address that the system refuses: lost
    }
  }

  close(): Promise<void> {
    return this.#closing ??= closed(this.#socket);
  }

  #receive(data: Uint8Array, from: Endpoint): void {
    if (!this.#closing && from.port !== 0) this.onDatagram?.(data, from);
  }
}
