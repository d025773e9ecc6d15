import { assertEquals } from "@std/assert";
import { Bridge } from "../../lib/targets/_bridge.ts";

/** As much of a WebSocket as a bridge touches. */
class FakeSocket extends EventTarget {
  readyState: number = WebSocket.OPEN;
  bufferedAmount = 0;
  binaryType = "blob";
  onopen?: () => void;
  onmessage?: (event: { data: unknown }) => void;
  onclose?: (event: { wasClean: boolean; code: number; reason: string }) => void;
  readonly sent: unknown[] = [];
  readonly closed: unknown[][] = [];

  send(data: unknown) {
    this.sent.push(data);
  }

  close(...how: unknown[]) {
    this.closed.push(how.filter((one) => one !== undefined));
    this.readyState = WebSocket.CLOSING;
  }
}

function bridged({ open = true } = {}) {
  const [target, peer] = [new FakeSocket(), new FakeSocket()];
  const faults: string[] = [];
  const options = { maxBufferedBytes: 10, onFault: ({ message }: Error) => void faults.push(message) };
  const bridge = new Bridge(target as unknown as WebSocket, options);
  const join = () => {
    bridge.join(peer as unknown as WebSocket);
    peer.onopen!();
  };
  if (open) join();
  return { target, peer, faults, join, bridge };
}

Deno.test("Bridge holds what comes before the peer is there, in order", () => {
  const { target, peer, join } = bridged({ open: false });
  target.onmessage!({ data: "one" });
  target.onmessage!({ data: new ArrayBuffer(2) });
  target.onclose!({ wasClean: true, code: 4000, reason: "done" });
  assertEquals(peer.sent, []);
  join();
  assertEquals(peer.sent, ["one", new ArrayBuffer(2)]);
  assertEquals(peer.closed, [[4000, "done"]]);
});

Deno.test("Bridge ends with a peer that goes before its WebSocket is open", () => {
  const { target, peer, bridge } = bridged({ open: false });
  const gone = new AbortController();
  peer.readyState = WebSocket.CONNECTING;
  bridge.join(peer as unknown as WebSocket, gone.signal);
  gone.abort();
  assertEquals(target.closed, [[4006, "the peer broke the connection"]]);
});

Deno.test("Bridge does not hold more than its limit before the peer is there", () => {
  const { target, faults } = bridged({ open: false });
  for (let n = 0; n < 3; n++) target.onmessage!({ data: "0123456789" });
  assertEquals(target.closed, [[4013, "too slow"]]);
  assertEquals(faults, ["A WebSocket was closed: 10 bytes wait for the peer"]);
});

Deno.test("Bridge lets one large message through, but no further one behind it", () => {
  const { target, peer, faults } = bridged();
  peer.onmessage!({ data: "x".repeat(100) });
  target.bufferedAmount = 100;
  assertEquals([target.sent.length, faults], [1, []]);
  peer.onmessage!({ data: "y" });
  assertEquals([target.sent.length, target.closed, peer.closed], [1, [[4013, "too slow"]], [[
    1013,
    "too slow",
  ]]]);
});

Deno.test("Bridge keeps nothing of a large message that it has passed on", () => {
  const { target, peer } = bridged();
  const [large, small] = [new ArrayBuffer(100_000), new ArrayBuffer(100)];
  for (const data of [large, small]) peer.onmessage!({ data });
  assertEquals(target.sent, [large, small]);
  assertEquals([large.byteLength, small.byteLength], [0, 100]);
});

Deno.test("Bridge translates each way of ending into one that the other side may be told", () => {
  const table: [code: number, wasClean: boolean, toPeer: unknown[], toTarget: unknown[]][] = [
    [1000, true, [1000, "r"], [1000, "r"]],
    [1001, true, [1001, "r"], []],
    [1005, true, [], []],
    [1011, true, [1011, "r"], []],
    [1014, true, [], []],
    [3000, true, [3000, "r"], [3000, "r"]],
    [4999, true, [4999, "r"], [4999, "r"]],
    [1006, false, [1011, "the service broke the connection"], [4006, "the peer broke the connection"]],
    [0, false, [1011, "the service broke the connection"], [4006, "the peer broke the connection"]],
  ];
  for (const [code, wasClean, toPeer, toTarget] of table) {
    const [one, other] = [bridged(), bridged()];
    one.target.onclose!({ code, wasClean, reason: "r" });
    other.peer.onclose!({ code, wasClean, reason: "r" });
    assertEquals([one.peer.closed, other.target.closed], [[toPeer], [toTarget]], `${code}`);
  }
});
