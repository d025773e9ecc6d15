import type { Endpoint } from "../endpoint.ts";
import type { Clock } from "./clock.ts";
import { toReply } from "./contacts.ts";
import { type Asker, Krpc } from "./krpc.ts";
import type { DatagramSocket } from "./socket.ts";
import type { Announcer } from "./types.ts";

/** Another socket that says that it belongs to our node: a NAT with several external addresses may give it another one. */
export class SideSocket implements Announcer {
  readonly #krpc: Krpc;

  /** Takes over the socket. */
  constructor({ id }: Pick<Asker, "id">, socket: DatagramSocket, clock: Clock) {
    const ignore = () => {};
    const events = { onQuery: () => undefined, onAnswer: ignore, onSilence: ignore, onDatagram: ignore };
    this.#krpc = new Krpc({ id, readOnly: true }, socket, events, clock);
  }

  /** A token is for one address: it takes a question of its own. */
  async announcePeer(
    to: Endpoint,
    infoHash: Uint8Array,
    port: number,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    const args = { info_hash: infoHash };
    const { message, rttMs } = await this.#krpc.query(to, "get_peers", args, options);
    const { token } = toReply(to, message, rttMs);
    if (token) {
      await this.#krpc.query(to, "announce_peer", { ...args, token, port, implied_port: 0 }, options);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#krpc.close(new DOMException("The socket is closed", "AbortError"));
  }
}
