import { formatEndpoint } from "../lib/endpoint.ts";
import type { ServeInfo } from "../lib/serve.ts";
import type { Output } from "./_output.ts";

/** Lines after a message's first one stand under it, so that none looks like the message of somebody else. */
const INDENTED_LINE = "\n    ";

/** A room in which every peer hears itself and the person at the serving terminal. */
export class Chat {
  readonly #output: Output;
  readonly #sockets = new Set<WebSocket>();

  constructor(output: Output) {
    this.#output = output;
  }

  /** What is served: WebSockets are greeted and echoed, everything else is told what this is. */
  readonly handler = (request: Request, info: ServeInfo): Response => {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      const headers = { upgrade: "websocket", connection: "upgrade" };
      return new Response("This is a WebSocket endpoint: reach it with skip connect.\n", {
        status: 426,
        headers,
      });
    }
    const remote = formatEndpoint(info.remoteAddr); // gone once upgraded
    const { socket, response } = Deno.upgradeWebSocket(request);
    this.#welcome(socket, remote, info.remoteId);
    return response;
  };

  #welcome(socket: WebSocket, remote: string, id?: string) {
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#sockets.add(socket);
      this.#output.event({ type: "connected", remote, ...(id === undefined ? {} : { id }) });
      this.#output.say(`${remote} is here${id === undefined ? "" : `: ${id}`}`);
      socket.send("Welcome: you are connected, peer to peer. What you send comes back.");
    };
    socket.onmessage = ({ data }) => {
      const text = typeof data === "string" ? data : `(${data.byteLength} bytes)`;
      this.#output.event({ type: "message", data: text, remote });
      this.#output.product(`${remote}: ${text.replaceAll("\n", INDENTED_LINE)}`);
      if (socket.readyState === WebSocket.OPEN) socket.send(data);
    };
    socket.onclose = () => {
      if (!this.#sockets.delete(socket)) return;
      this.#output.event({ type: "disconnected", remote });
      this.#output.say(`${remote} has left`);
    };
    socket.onerror = () => {}; // `close` follows
  }

  /** Sends what the person at the terminal typed to everybody. */
  say(text: string) {
    for (const socket of this.#sockets) if (socket.readyState === WebSocket.OPEN) socket.send(text);
  }
}
