/**
 * A worker that connects to a port three times and breaks off with RST at once, while whoever listens there is stopped and
 * cannot take the connections; then it wakes him.
 *
 * @module
 */
import { connect } from "node:net";

self.addEventListener("message", async (event) => {
  const { port, over } = (event as MessageEvent<{ port: number; over: Int32Array }>).data;
  for (let i = 0; i < 3; i++) {
    const socket = connect({ host: "127.0.0.1", port });
    await new Promise<void>((resolve) => {
      socket.once("connect", () => socket.resetAndDestroy());
      socket.once("close", () => resolve());
    });
  }
  Atomics.store(over, 0, 1);
  Atomics.notify(over, 0);
}, { once: true });
(self as unknown as Pick<Worker, "postMessage">).postMessage("ready");
