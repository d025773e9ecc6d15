/**
 * One part of the way from a browser to a server, alone: `_hop.ts KIND PORT` stands in front of a web server and prints its
 * own port as one JSON object.
 *
 * @module
 */
import { openTarget } from "../../lib/targets/mod.ts";
import { dialTcp, listenTcp, splice } from "../../lib/tunnel/mod.ts";
import { serve } from "../../mod.ts";

const LOOPBACK = "127.0.0.1";
const quiet = { hostname: LOOPBACK, port: 0, onListen: () => {} };

/** What each kind listens at: a port, or an id for `skip forward` and where to begin. */
export type HopAddress = { readonly port: number } | { readonly id: string; readonly bootstrap: string };

/** Ways to stand in front of a web server. */
export const HOPS = ["copy", "local", "proxy", "handler"] as const;

/** One of {@linkcode HOPS}. */
export type Hop = typeof HOPS[number];

const START: Readonly<Record<Hop, (port: number) => Promise<HopAddress>>> = {
  /** Nothing but copying, by the runtime's own connections. */
  copy(port) {
    const listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
    void (async () => {
      for await (const near of listener) {
        near.setNoDelay();
        const far = await Deno.connect({ hostname: LOOPBACK, port });
        far.setNoDelay();
        void splice(near, far);
      }
    })();
    return Promise.resolve({ port: listener.addr.port });
  },
  /** The same by those of `skip forward`, which can be reset. */
  async local(port) {
    const { addr } = await listenTcp({ hostname: LOOPBACK, port: 0 }, (connection) => {
      const near = connection.open();
      void dialTcp({ hostname: LOOPBACK, port }, AbortSignal.timeout(10_000))
        .then((far) => splice(near, far), () => near.reset());
    });
    return { port: addr.port };
  },
  /** The reverse proxy of `skip serve PORT`. */
  proxy(port) {
    const target = openTarget({ kind: "http", url: new URL(`http://${LOOPBACK}:${port}`) });
    const server = Deno.serve(quiet, (request, info) => target(request, info));
    return Promise.resolve({ port: server.addr.port });
  },
  /** A serving peer that answers itself. */
  async handler() {
    const text = "Hello, whoever you are.\n";
    const { id, port } = await serve(() => new Response(text), {
      bootstrap: [],
      stun: [],
      portMapping: false,
    });
    return { id, bootstrap: `${LOOPBACK}:${port}` };
  },
};

if (import.meta.main) {
  const [kind, port] = Deno.args;
  const address = await START[kind as Hop](Number(port));
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(address)}\n`));
}
