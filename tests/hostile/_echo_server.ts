// deno-lint-ignore-file no-console -- a program, whose product is what it prints
/**
 * `_echo_server.ts OPTIONS`: a serving peer as a process of its own. It echoes over WebSockets, answers everything else with
 * {@linkcode SECRET}, and prints one line when it can be found and one for each request that reaches its handler.
 *
 * @module
 */
import { loadIdentity, serve } from "../../mod.ts";

/** What nobody may get who is not let in. */
export const SECRET = "for those alone who are let in";

/** How to serve, as JSON. */
export interface EchoOptions {
  /** Ids of peers that may connect; everybody without. */
  readonly allow?: readonly string[];
  /** Port; any without. */
  readonly port?: number;
  /** A key file; a new identity without. */
  readonly identity?: string;
}

if (import.meta.main) {
  const { allow, port = 0, identity } = JSON.parse(Deno.args[0] ?? "{}") as EchoOptions;
  const server = await serve((request, info) => {
    console.log(JSON.stringify({ asked: new URL(request.url).pathname, by: info.remoteId }));
    if (request.headers.get("upgrade") !== "websocket") return new Response(SECRET);
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    socket.onerror = () => {}; // whoever attacks is cut off
    return response;
  }, {
    ...{ port, bootstrap: [], stun: [], portMapping: false, observer: false },
    ...(allow ? { access: { allow } } : {}),
    ...(identity ? { identity: await loadIdentity(identity) } : {}),
  });
  console.log(JSON.stringify({ id: server.id, port: server.port }));
  Deno.addSignalListener("SIGTERM", () => void server.shutdown().finally(() => Deno.exit()));
}
