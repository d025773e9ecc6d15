/**
 * Pairs of native WebSockets on loopback.
 *
 * @module
 */

/** Both ends of an open WebSocket. */
export interface SocketPair extends AsyncDisposable {
  readonly client: WebSocket;
  readonly server: WebSocket;
}

/** Opens a pair; closing it closes both ends. */
export async function socketPair(): Promise<SocketPair> {
  const arrived = Promise.withResolvers<WebSocket>();
  const http = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.addEventListener("open", () => arrived.resolve(socket));
    return response;
  });
  const client = new WebSocket(`ws://127.0.0.1:${http.addr.port}/`);
  const server = await arrived.promise;
  if (client.readyState !== WebSocket.OPEN) await once(client, "open");
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      for (const socket of [client, server]) {
        const closed = socket.readyState === WebSocket.CLOSED || once(socket, "close");
        socket.close();
        await closed;
      }
      await http.shutdown();
    },
  };
}

/** The next event of that name. */
export function once<K extends keyof WebSocketEventMap>(
  socket: WebSocket,
  name: K,
): Promise<WebSocketEventMap[K]> {
  return new Promise((resolve) => socket.addEventListener(name, resolve, { once: true }));
}
