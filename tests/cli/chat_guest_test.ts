import { assertEquals } from "@std/assert";
import { PageGuest, PlainGuest } from "../../cli/_chat_guest.ts";
import { MAX_FRAME, type Person } from "../../cli/_chat_protocol.ts";

const HOST: Person = { id: 0, name: "host", from: "host" };
const ANN: Person = { id: 9, name: "Ann", from: "browser" };
const REMOTE = "192.0.2.1:9";

/** What a guest does with its socket, without a network. */
function fakeSocket() {
  const done = { sent: [] as unknown[], closed: [] as unknown[] };
  const socket = {
    readyState: WebSocket.OPEN as number,
    bufferedAmount: 0,
    send: (data: unknown) => void done.sent.push(data),
    close(code: number, reason: string) {
      done.closed.push([code, reason]);
      socket.readyState = WebSocket.CLOSING;
    },
  };
  return { socket, done, native: socket as unknown as WebSocket };
}

Deno.test("PlainGuest hears the person who serves, in plain text, and no other guest", () => {
  const { native, done } = fakeSocket();
  const guest = new PlainGuest(native, 1, REMOTE);
  guest.hear(HOST, "typed");
  guest.hear(ANN, "from a browser");
  assertEquals(done.sent, ["typed"]);
});

Deno.test("PageGuest hears everybody, with their names", () => {
  const { native, done } = fakeSocket();
  const guest = new PageGuest(native, 1, REMOTE);
  for (const who of [HOST, ANN]) guest.hear(who, "hi");
  assertEquals(done.sent, [HOST, ANN].map((who) => JSON.stringify({ type: "said", who, text: "hi" })));
});

Deno.test("PageGuest gets its number for a name back when it gives none", () => {
  const guest = new PageGuest(fakeSocket().native, 3, REMOTE);
  guest.rename("Ann");
  assertEquals(guest.person, { id: 3, name: "Ann", from: "browser" });
  guest.rename("");
  assertEquals(guest.person.name, "guest 3");
});

Deno.test("PageGuest passes over nonsense and shows out who sends too much of anything", () => {
  const { native, done } = fakeSocket();
  const guest = new PageGuest(native, 1, REMOTE);
  assertEquals(guest.read('{"type":"ping","id":1}'), { type: "ping", id: 1 });
  for (let n = 1; n < 60; n++) guest.read("nonsense");
  assertEquals(done.closed, [[1008, "Too many messages"]]);
  assertEquals(guest.read('{"type":"ping","id":2}'), undefined);
});

Deno.test("PageGuest shows out who sends a frame that no page would", () => {
  for (const data of ["x".repeat(MAX_FRAME + 1), new ArrayBuffer(MAX_FRAME + 1)]) {
    const { native, done } = fakeSocket();
    assertEquals(new PageGuest(native, 1, REMOTE).read(data), undefined);
    assertEquals(done.closed, [[1009, "Message too long"]]);
  }
});

Deno.test("PageGuest shows out who does not read, so that nothing piles up", () => {
  const { socket, native, done } = fakeSocket();
  const guest = new PageGuest(native, 1, REMOTE);
  socket.bufferedAmount = 2 ** 20 + 1;
  for (let n = 0; n < 3; n++) guest.hear(HOST, "hi");
  assertEquals([done.sent, done.closed[0]], [[], [1008, "Reads too slowly"]]);
});
