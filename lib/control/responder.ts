import type { Knock } from "../discovery/mod.ts";
import type { Endpoint } from "../endpoint.ts";
import { decodeControl, encodeControl } from "./messages.ts";

/**
 * The serving peer's side of a control channel. A knock that comes here is from `remote`: the connection proves it.
 *
 * Whoever says what is no question is shown out. This never throws.
 */
export function answerControl(socket: WebSocket, remote: Endpoint, onKnock: (knock: Knock) => void): void {
  socket.addEventListener("message", new Responder(socket, remote, onKnock));
}

/** A listener that is an object: there may be thousands, and what `onmessage` keeps for each is three times as much. */
class Responder {
  readonly #socket: WebSocket;
  readonly #remote: Endpoint;
  readonly #onKnock: (knock: Knock) => void;

  constructor(socket: WebSocket, remote: Endpoint, onKnock: (knock: Knock) => void) {
    this.#socket = socket;
    this.#remote = remote;
    this.#onKnock = onKnock;
  }

  /** A message has come. */
  handleEvent({ data }: MessageEvent): void {
    const message = decodeControl(data);
    if (message?.type === "ping") return this.#reply(encodeControl({ type: "pong", n: message.n }));
    if (message?.type !== "knock") return this.#socket.close(1002, "not a question");
    const { n, knock } = message;
    const answer = (ports: readonly number[]) => this.#reply(encodeControl({ type: "ports", n, ports }));
    this.#onKnock({ via: "control", from: this.#remote.hostname, ...knock, answer });
    this.#reply(encodeControl({ type: "knocked", n }));
  }

  #reply(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }
}
