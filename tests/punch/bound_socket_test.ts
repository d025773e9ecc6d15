import { assertEquals } from "@std/assert";
import { createServer } from "node:net";
import { boundSocket, keepAccepting } from "../../lib/punch/_bound_socket.ts";

Deno.test("boundSocket() leaves from the port that listens", async () => {
  using listener = Deno.listen({ hostname: "0.0.0.0", port: 0, reusePort: true });
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const socket = boundSocket("127.0.0.1", listener.addr.port);
  socket.connect({ host: "127.0.0.1", port: other.addr.port });
  const conn = await other.accept();
  assertEquals(conn.remoteAddr.port, listener.addr.port);
  conn.close();
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.destroy();
  await closed;
});

Deno.test("boundSocket() fails to connect where somebody else holds the port", async () => {
  using taken = Deno.listen({ hostname: "0.0.0.0", port: 0 }); // without reusePort
  const socket = boundSocket("127.0.0.1", taken.addr.port);
  const failed = new Promise<Error & { code?: string }>((resolve) => socket.once("error", resolve));
  socket.connect({ host: "127.0.0.1", port: taken.addr.port });
  assertEquals((await failed).code, "EADDRINUSE");
});

Deno.test("keepAccepting() has a server listen again, until it is closed", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { _handle: handle } = server as unknown as { _handle: { listen(backlog: number): number } };
  const again = new Promise<void>((resolve) => {
    handle.listen = () => {
      resolve();
      return 0;
    };
  });
  keepAccepting(server);
  await again;
  await new Promise<void>((resolve) => server.close(() => resolve()));
});
