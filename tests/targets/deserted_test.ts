import { assertEquals } from "@std/assert";
import { whenDeserted } from "../../lib/targets/_deserted.ts";

/** A WebSocket that is being opened. */
class Opening extends EventTarget {
  readyState: number = WebSocket.CONNECTING;

  open() {
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }
}

/** How often a peer's WebSocket was found deserted; `when` says what becomes of it. */
function desertions(
  when: (peer: Opening, gone: AbortController) => void,
  gone = new AbortController(),
): number {
  const peer = new Opening();
  let count = 0;
  whenDeserted(peer as unknown as WebSocket, gone.signal, () => count++);
  when(peer, gone);
  return count;
}

Deno.test("whenDeserted() notices that the peer goes before its WebSocket is open, also if it has gone already", () => {
  assertEquals(desertions((_, gone) => gone.abort()), 1);
  const before = new AbortController();
  before.abort();
  assertEquals(desertions(() => {}, before), 1);
});

Deno.test("whenDeserted() leaves a WebSocket that has opened to its own end", () => {
  const opened = desertions((peer, gone) => {
    peer.open();
    gone.abort();
  });
  assertEquals([opened, desertions(() => {})], [0, 0]);
});

Deno.test("whenDeserted() does nothing where nobody tells that a peer has gone", () => {
  whenDeserted(new Opening() as unknown as WebSocket, undefined, () => {
    throw new Error("called");
  });
});
