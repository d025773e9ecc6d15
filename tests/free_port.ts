/** A TCP port of loopback at which nobody listens, just now; for what cannot take port 0. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
