import { nextEvent } from "./pair.ts";

/** Both ends of a native WebSocket, open, with plain TCP in between. */
export async function socketPair() {
  const accepted = Promise.withResolvers<WebSocket>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    accepted.resolve(socket);
    return response;
  });
  const near = new WebSocket(`ws://127.0.0.1:${server.addr.port}`);
  const [far] = await Promise.all([accepted.promise, nextEvent(near, "open")]);
  if (far.readyState !== WebSocket.OPEN) await nextEvent(far, "open");
  return {
    near,
    far,
    async [Symbol.asyncDispose]() {
      await Promise.all([near, far].map(async (socket) => {
        if (socket.readyState === WebSocket.CLOSED) return;
        const closed = nextEvent(socket, "close");
        if (socket.readyState === WebSocket.OPEN) socket.close();
        await closed;
      }));
      await server.shutdown();
    },
  };
}
