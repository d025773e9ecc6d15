/**
 * A stream of bytes over a native WebSocket, the same on both ends.
 *
 * Binary messages carry the bytes. Text messages steer: `credit N` allows the receiver of it N bytes more, `end` says that no
 * more bytes come. A native WebSocket receives without asking whether anybody reads; credit is what stops the sender.
 *
 * @module
 */
import type { ByteStream } from "../punch/mod.ts";
import { FIRST_WINDOW_BYTES, Inbox, MAX_WINDOW_BYTES } from "./_inbox.ts";

/** The WebSocket subprotocol of a stream that leads to a TCP service. */
export const TCP_PROTOCOL = "skip.tcp";

/** Longer messages are slower, not faster, and hold up what comes behind them. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** `credit 8388608` is the longest of its kind. */
const MAX_CONTROL_LENGTH = 32;

/** Close codes: applications may use none below 4000 but 1000, so these stand in for 1002 and 1009. */
const CODE = { done: 1000, reset: 4000, protocolError: 4002, tooBig: 4009 } as const;

/** How long the serving side waits for the other one to close what is over. */
const GOODBYE_MS = 5000;

/** There is none: the WebSocket's own is not told. */
const NO_ADDRESS = { hostname: "::", port: 0 };

/**
 * Makes a stream of a WebSocket, which may still be connecting; the stream owns it from then on.
 *
 * At most 8 MiB that nobody has read are held, and never more than 1 MiB if the reader was slow from the beginning. A
 * WebSocket that closes before both ends have been sent makes reading and writing fail: it never looks like an end.
 */
export function webSocketStream(socket: WebSocket): ByteStream {
  return new WebSocketStream(socket);
}

class WebSocketStream implements ByteStream {
  readonly localAddr = NO_ADDRESS;
  readonly remoteAddr = NO_ADDRESS;
  readonly #socket: WebSocket;
  readonly #inbox = new Inbox();
  readonly #opened: Promise<void>;
  /** What may still be sent. */
  #credit = FIRST_WINDOW_BYTES;
  #ended = false;
  #failure: Error | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakeWriter: (() => void) | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", (event) => this.#receive((event as MessageEvent).data));
    socket.addEventListener("error", (event) => event.preventDefault()); // `close` follows
    socket.addEventListener("close", (event) => this.#onClose(event as CloseEvent));
    this.#opened = opening(socket);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    await this.#inbox.filled();
    const taken = this.#inbox.take(buffer);
    const credit = this.#inbox.grant();
    if (credit > 0 && !this.#failure) this.#socket.send(`credit ${credit}`);
    return taken;
  }

  async write(data: Uint8Array): Promise<number> {
    await this.#opened;
    while (this.#credit === 0 && !this.#failure) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
    if (this.#failure) throw this.#failure;
    if (this.#ended) throw new Deno.errors.BrokenPipe("Cannot write: the end was sent already");
    const length = Math.min(data.length, this.#credit, MAX_MESSAGE_BYTES);
    if (length > 0) this.#socket.send(data.subarray(0, length) as Uint8Array<ArrayBuffer>);
    this.#credit -= length;
    return length;
  }

  async closeWrite(): Promise<void> {
    await this.#opened;
    if (this.#ended) return;
    if (this.#failure) throw this.#failure;
    this.#ended = true;
    this.#socket.send("end");
    this.#closeIfDone();
  }

  close() {
    this.#fail(new Deno.errors.BadResource("The stream was closed"), CODE.reset);
  }

  #receive(data: string | ArrayBuffer) {
    if (this.#failure) return;
    if (typeof data === "string") return this.#obey(data);
    if (data.byteLength > MAX_MESSAGE_BYTES || !this.#inbox.put(new Uint8Array(data))) {
      this.#fail(new Deno.errors.InvalidData("The peer sent more than it may"), CODE.tooBig);
    }
  }

  #obey(text: string) {
    const [, digits] = text.length > MAX_CONTROL_LENGTH ? [] : text.match(/^credit ([1-9]\d{0,6})$/) ?? [];
    const credit = this.#credit + Number(digits);
    if (credit <= MAX_WINDOW_BYTES) {
      this.#credit = credit;
      this.#wakeWriter?.();
    } else if (text === "end" && !this.#inbox.ended) {
      this.#inbox.end();
      this.#closeIfDone();
    } else {
      this.#fail(new Deno.errors.InvalidData("The peer sent what is no control message"), CODE.protocolError);
    }
  }

  get #done(): boolean {
    return this.#ended && this.#inbox.ended;
  }

  /**
   * The connecting side closes: where both do at the same time, Deno 2.9 takes it for a failure. The serving side helps itself
   * if that does not come.
   */
  #closeIfDone() {
    if (!this.#done) return;
    if (this.#socket.url !== "") this.#socket.close(CODE.done);
    else this.#timer = setTimeout(() => this.#socket.close(CODE.done), GOODBYE_MS);
  }

  #onClose({ code, reason }: CloseEvent) {
    clearTimeout(this.#timer);
    const how = `${code} ${reason}`.trim();
    this.#fail(new Deno.errors.ConnectionReset(`The WebSocket closed before the end: ${how}`), CODE.reset);
  }

  /** From here on nothing is sent, and nothing is read but what came before the peer's end. */
  #fail(error: Error, code: number) {
    this.#failure ??= error;
    this.#inbox.fail(this.#failure);
    this.#wakeWriter?.();
    if (!this.#done && this.#socket.readyState < WebSocket.CLOSING) this.#socket.close(code);
  }
}

/** Resolves when the socket is open, or never will be: whoever waits looks at what became of it. */
function opening(socket: WebSocket): Promise<void> {
  if (socket.readyState !== WebSocket.CONNECTING) return Promise.resolve();
  return new Promise((resolve) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    socket.addEventListener("close", () => resolve(), { once: true });
  });
}
