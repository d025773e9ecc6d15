import type { Knock } from "../discovery/mod.ts";
import type { Endpoint } from "../endpoint.ts";
import { decodeControl, encodeControl } from "./messages.ts";

/**
 * The serving peer's side of a control channel. A knock that comes here is from `remote`: the connection proves it.
 *
 * Whoever says what is no question is shown out. This never throws.
 */
export function answerControl(socket: WebSocket, remote: Endpoint, onKnock: (knock: Knock) => void): void {
  socket.onmessage = ({ data }) => {
    const message = decodeControl(data);
    if (message?.type === "ping") return reply(socket, encodeControl({ type: "pong", n: message.n }));
    if (message?.type !== "knock") return socket.close(1002, "not a question");
    const { n, knock } = message;
    const answer = (ports: readonly number[]) => reply(socket, encodeControl({ type: "ports", n, ports }));
    onKnock({ via: "control", from: remote.hostname, ...knock, answer });
    reply(socket, encodeControl({ type: "knocked", n }));
  };
  socket.onerror = () => {}; // `close` follows, and there is nothing to be done
}

function reply(socket: WebSocket, text: string): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(text);
}
