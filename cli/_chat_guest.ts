import { Allowance } from "./_allowance.ts";
import {
  MAX_FRAME,
  type PageMessage,
  parsePageMessage,
  type Person,
  type RoomMessage,
} from "./_chat_protocol.ts";

/** What a page may send: typing needs one or two a second, measuring the round trip one in two seconds. */
const BURST = 40;
const MESSAGES_PER_SECOND = 10;
/** Who lets so many bytes wait does not read; what is said in the meantime must not pile up here. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Close codes of RFC 6455, section 7.4.1 and the registry of IANA. */
const CloseCode = { policy: 1008, tooBig: 1009 } as const;

/** Somebody who has come in by a WebSocket. */
export interface Guest {
  readonly person: Person;
  /** `ADDR:PORT`. */
  readonly remote: string;
  /** The id that they have proven, if they have. */
  readonly peerId: string | undefined;
  /** Tells them what somebody has said. */
  hear(who: Person, text: string): void;
}

/** Sends if somebody is still there. */
function sendTo(socket: WebSocket, data: string | ArrayBuffer) {
  if (socket.readyState === WebSocket.OPEN) socket.send(data);
}

/** A peer of `skip connect`, or any program: plain messages, of the person who serves and its own. */
export class PlainGuest implements Guest {
  readonly person: Person;
  readonly remote: string;
  readonly peerId: string | undefined;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, id: number, remote: string, peerId?: string) {
    this.#socket = socket;
    this.person = { id, name: `guest ${id}`, from: "terminal" };
    this.remote = remote;
    this.peerId = peerId;
  }

  hear(who: Person, text: string) {
    if (who.from === "host") sendTo(this.#socket, text);
  }
}

/** A browser with the page: hears everybody. */
export class PageGuest implements Guest {
  readonly remote: string;
  readonly peerId: string | undefined;
  readonly #socket: WebSocket;
  readonly #allowance = new Allowance(BURST, MESSAGES_PER_SECOND);
  #person: Person;

  constructor(socket: WebSocket, id: number, remote: string, peerId?: string) {
    this.#socket = socket;
    this.#person = { id, name: `guest ${id}`, from: "browser" };
    this.remote = remote;
    this.peerId = peerId;
  }

  get person(): Person {
    return this.#person;
  }

  /** Takes a new name; an empty one gives the number back. */
  rename(name: string) {
    const { id } = this.#person;
    this.#person = { ...this.#person, name: name || `guest ${id}` };
  }

  hear(who: Person, text: string) {
    this.tell({ type: "said", who, text });
  }

  /** Sends an object; whoever has not read the last megabyte is shown out instead. */
  tell(message: RoomMessage) {
    if (this.#socket.bufferedAmount > MAX_WAITING_BYTES) {
      this.#socket.close(CloseCode.policy, "Reads too slowly");
    } else sendTo(this.#socket, JSON.stringify(message));
  }

  /** Reads one frame. Who sends too much is shown out, and what is no message of a page is passed over. */
  read(data: unknown): PageMessage | undefined {
    if (this.#socket.readyState !== WebSocket.OPEN) return undefined; // shown out already
    if (!this.#allowance.take()) this.#socket.close(CloseCode.policy, "Too many messages");
    else if (sizeOf(data) > MAX_FRAME) this.#socket.close(CloseCode.tooBig, "Message too long");
    else return parsePageMessage(data);
    return undefined;
  }
}

function sizeOf(data: unknown): number {
  return typeof data === "string" ? data.length : (data as ArrayBuffer).byteLength;
}
