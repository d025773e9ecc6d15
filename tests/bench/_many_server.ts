// deno-lint-ignore-file no-console -- a program, whose product is what it prints
/**
 * `_many_server.ts KEY-FILE`: a serving peer that echoes over WebSockets. It prints where it is once it can be found, and then for
 * each line of input how much memory V8 has for its heap.
 *
 * @module
 */
import { loadIdentity, serve } from "../../mod.ts";

/** What it prints first. */
export interface Address {
  readonly port: number;
}

/** What it answers. */
export interface Heap {
  /** Taken from the system, whether in use or not. */
  readonly heapBytes: number;
}

function echo(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}

function print(line: Address | Heap) {
  console.log(JSON.stringify(line));
}

if (import.meta.main) {
  const [keyFile] = Deno.args as [string];
  const options = { bootstrap: [], stun: [], portMapping: false, observer: false };
  const { port } = await serve(echo, { identity: await loadIdentity(keyFile), ...options });
  print({ port });
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    for (const _ of text.matchAll(/\n/g)) print({ heapBytes: Deno.memoryUsage().heapTotal });
  }
  Deno.exit(0);
}
