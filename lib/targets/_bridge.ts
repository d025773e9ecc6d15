import { free } from "../io.ts";
import { whenDeserted } from "./_deserted.ts";
import { TargetFault } from "./_fault.ts";

/** What may wait for a slow reader: native WebSockets receive without being asked, so that it would grow for ever. */
export const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
/** Close codes (RFC 6455 section 7.4.1, and the registry) that a serving side may send. */
const SENDABLE: readonly number[] = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013];
const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;
/**
 * What a target is told when the peer broke off, or could not follow: a connecting side may send 1000 and those from 3000 on
 * only, and 1000 would be a lie.
 */
const PEER_LOST = 4006;
const PEER_TOO_SLOW = 4013;

/** Options of {@linkcode Bridge}. */
export interface WebSocketBridgeOptions {
  /** Bytes that may wait in one direction. */
  readonly maxBufferedBytes: number;
  /** Told when a WebSocket is closed because its reader is too slow. */
  readonly onFault: (fault: TargetFault) => void;
}

type Message = string | ArrayBuffer;

/** Joins a WebSocket to the target with that of a peer: messages as they are, and the way in which either ends. */
export class Bridge {
  readonly #target: WebSocket;
  readonly #options: WebSocketBridgeOptions;
  #peer: WebSocket | undefined;
  /** What the target said before the peer was there. */
  readonly #early: Message[] = [];
  #earlyBytes = 0;
  #end: CloseEvent | undefined;

  /** @param target One that has only just been made. */
  constructor(target: WebSocket, options: WebSocketBridgeOptions) {
    this.#target = target;
    this.#options = options;
    target.binaryType = "arraybuffer";
    target.onmessage = ({ data }) => this.#fromTarget(data);
    target.onclose = (event) => this.#targetClosed(event);
    target.onerror = () => {}; // `close` follows
  }

  /** Goes on with a peer that has been accepted, but is not open yet; `gone` aborts when its connection is gone. */
  join(peer: WebSocket, gone?: AbortSignal) {
    whenDeserted(peer, gone, () => this.#peerClosed({ wasClean: false, code: 1006, reason: "" }));
    peer.binaryType = "arraybuffer";
    peer.onopen = () => {
      this.#peer = peer;
      for (const message of this.#early.splice(0)) peer.send(message);
      if (this.#end) this.#targetClosed(this.#end);
    };
    peer.onmessage = ({ data }) => this.#fromPeer(data);
    peer.onclose = (event) => this.#peerClosed(event);
    peer.onerror = () => {};
  }

  #fromTarget(message: Message) {
    if (this.#peer) return this.#pass(message, this.#peer, "peer");
    if (this.#earlyBytes > this.#options.maxBufferedBytes) return this.#tooSlow("peer");
    this.#early.push(message);
    this.#earlyBytes += sizeOf(message);
  }

  #fromPeer(message: Message) {
    this.#pass(message, this.#target, "target");
  }

  #pass(message: Message, to: WebSocket, reader: "peer" | "target") {
    if (to.readyState !== WebSocket.OPEN) return;
    // Looked at before: one message may be larger than all that may wait.
    if (to.bufferedAmount > this.#options.maxBufferedBytes) return this.#tooSlow(reader);
    to.send(message);
    if (typeof message !== "string") free(message); // it was copied
  }

  #tooSlow(reader: "peer" | "target") {
    const { maxBufferedBytes, onFault } = this.#options;
    closeOnce(this.#target, PEER_TOO_SLOW, "too slow");
    if (this.#peer) closeOnce(this.#peer, TRY_AGAIN_LATER, "too slow");
    this.#early.length = 0;
    onFault(
      new TargetFault("broken", `A WebSocket was closed: ${maxBufferedBytes} bytes wait for the ${reader}`),
    );
  }

  #targetClosed(event: CloseEvent) {
    this.#end = event;
    if (!this.#peer) return;
    if (!event.wasClean) closeOnce(this.#peer, INTERNAL_ERROR, "the service broke the connection");
    else if (isSendable(event.code)) closeOnce(this.#peer, event.code, event.reason);
    else closeOnce(this.#peer);
  }

  #peerClosed({ wasClean, code, reason }: Pick<CloseEvent, "wasClean" | "code" | "reason">) {
    this.#early.length = 0;
    if (!wasClean) closeOnce(this.#target, PEER_LOST, "the peer broke the connection");
    else if (code === 1000 || isPrivate(code)) closeOnce(this.#target, code, reason);
    else closeOnce(this.#target);
  }
}

function sizeOf(message: Message): number {
  return typeof message === "string" ? message.length : message.byteLength;
}

function isPrivate(code: number): boolean {
  return code >= 3000 && code < 5000;
}

function isSendable(code: number): boolean {
  return SENDABLE.includes(code) || isPrivate(code);
}

function closeOnce(socket: WebSocket, code?: number, reason?: string) {
  if (socket.readyState <= WebSocket.OPEN) socket.close(code, reason);
}
