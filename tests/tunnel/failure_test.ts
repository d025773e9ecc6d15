import { assertEquals } from "@std/assert";
import { PeerError } from "../../lib/errors.ts";
import { denied, fetchFailure, webSocketFailure } from "../../lib/tunnel/_failure.ts";
import { TlsWitness } from "../../lib/tunnel/_tls_witness.ts";
import { Ticket } from "../../lib/tunnel/_loopback_proxy.ts";

function fetchFailed(detail: string) {
  return new TypeError("fetch failed", { cause: new Error(detail) });
}

Deno.test("fetchFailure() tells a refused certificate, a broken connection and misuse apart", () => {
  const ticket = new Ticket();
  const code = (error: unknown) => (fetchFailure(ticket, 0, error) as PeerError).code;
  assertEquals(code(fetchFailed("invalid peer certificate: BadSignature")), "not-proven");
  assertEquals(code(fetchFailed("peer closed connection without sending TLS close_notify")), "tunnel-failed");
  assertEquals(code(new TypeError("error sending request for url")), "tunnel-failed");
  const misuse = new TypeError("Request with GET/HEAD method cannot have body");
  assertEquals(fetchFailure(ticket, 0, misuse), misuse);
  const reason = new Error("enough");
  assertEquals(fetchFailure(ticket, 0, reason), reason);
});

Deno.test("fetchFailure() gives the reason for which no path opened, where there is a new one", () => {
  const ticket = new Ticket();
  ticket.failures = 1;
  ticket.failure = new PeerError("unreachable", "Cannot reach the peer");
  assertEquals(fetchFailure(ticket, 0, fetchFailed("socks error")), ticket.failure);
  assertEquals((fetchFailure(ticket, 1, fetchFailed("socks error")) as PeerError).code, "tunnel-failed");
});

Deno.test("webSocketFailure() shows no credentials", async () => {
  const error = await webSocketFailure(new Ticket(), "error with proxy socks5h://user:secret@127.0.0.1:1080");
  assertEquals([error.code, error.message.includes("secret")], ["tunnel-failed", false]);
});

Deno.test("webSocketFailure() does not speak of HTTP/2, which Deno tries whenever HTTP/1.1 failed", async () => {
  const { code, message } = await webSocketFailure(new Ticket(), "HTTP/2 not supported by this client");
  assertEquals(
    [code, message],
    ["tunnel-failed", "Cannot open the WebSocket: the connection broke before the peer had answered"],
  );
});

Deno.test("webSocketFailure() gives the reason for which no path opened", async () => {
  const ticket = new Ticket();
  ticket.failures = 1;
  ticket.failure = new Deno.errors.NotCapable("no net");
  const error = await webSocketFailure(ticket, "whatever");
  assertEquals([error.code, error.cause], ["tunnel-failed", ticket.failure]);
});

/** The ticket of a path on which TLS was accepted. */
function accepted(): Ticket {
  const ticket = new Ticket();
  ticket.tls = new TlsWitness();
  ticket.tls.refused = false;
  ticket.tls.end();
  return ticket;
}

Deno.test("webSocketFailure() finds out whether the peer lets us in at all, once it was reached", async () => {
  const denial = denied(null);
  assertEquals(await webSocketFailure(accepted(), "no", () => Promise.resolve(denial)), denial);
  assertEquals((await webSocketFailure(accepted(), "no")).code, "tunnel-failed");
  const asked = () => Promise.reject(new Error("was asked"));
  assertEquals((await webSocketFailure(new Ticket(), "no", asked)).code, "tunnel-failed");
});

Deno.test("denied() tells that the clocks are too far apart, when they are", () => {
  const now = Date.UTC(2026, 10, 26, 12);
  const message = (hours: number) => denied(new Date(now + hours * 3_600_000).toUTCString(), now).message;
  for (const hours of [0, 24, -24]) assertEquals(message(hours).includes("does not let us in"), true);
  for (const hours of [49, -49]) assertEquals(message(hours).includes("49 hours apart"), true);
  assertEquals(denied(null).message.includes("does not let us in"), true);
});
