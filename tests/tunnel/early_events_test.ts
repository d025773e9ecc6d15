import { assertEquals } from "@std/assert";
import { holdEarlyEvents } from "../../lib/tunnel/_early_events.ts";

/** A WebSocket as far as events go, which has just opened. */
function openedSocket() {
  const socket = Object.assign(new EventTarget(), { binaryType: "blob" }) as unknown as WebSocket;
  const letGo = holdEarlyEvents(socket);
  socket.dispatchEvent(new Event("open"));
  return { socket, letGo };
}

/** What a listener that comes late hears. */
function record(socket: WebSocket): string[] {
  const heard: string[] = [];
  socket.addEventListener("message", ({ data }) => heard.push(data instanceof Blob ? "blob" : typeof data));
  socket.addEventListener("error", (e) => heard.push(`error ${(e as ErrorEvent).message}`));
  socket.addEventListener(
    "close",
    ({ code, reason, wasClean }) => heard.push(`${code} ${reason} ${wasClean}`),
  );
  return heard;
}

const nextTurn = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("holdEarlyEvents() gives the new owner what came before, in order", async () => {
  const { socket, letGo } = openedSocket();
  socket.dispatchEvent(new MessageEvent("message", { data: "hello" }));
  letGo();
  await Promise.resolve();
  const heard = record(socket);
  socket.dispatchEvent(new MessageEvent("message", { data: new ArrayBuffer(1) }));
  socket.dispatchEvent(new ErrorEvent("error", { message: "broken" }));
  socket.dispatchEvent(new CloseEvent("close", { code: 1001, reason: "bye", wasClean: true }));
  assertEquals(heard, []);
  await nextTurn();
  assertEquals(heard, ["string", "blob", "error broken", "1001 bye true"]);
});

Deno.test("holdEarlyEvents() gives binary data the form that the new owner asks for", async () => {
  const { socket, letGo } = openedSocket();
  socket.dispatchEvent(new MessageEvent("message", { data: new ArrayBuffer(1) }));
  letGo();
  socket.binaryType = "arraybuffer";
  const heard = record(socket);
  await nextTurn();
  assertEquals(heard, ["object"]);
});

Deno.test("holdEarlyEvents() leaves later events alone", async () => {
  const { socket, letGo } = openedSocket();
  letGo();
  await nextTurn();
  const heard = record(socket);
  socket.dispatchEvent(new MessageEvent("message", { data: "now" }));
  assertEquals(heard, ["string"]);
});

Deno.test("holdEarlyEvents() leaves a failure to open to those who wait", () => {
  const socket = new EventTarget() as WebSocket;
  holdEarlyEvents(socket);
  const heard = record(socket);
  socket.dispatchEvent(new ErrorEvent("error", { message: "refused" }));
  assertEquals(heard, ["error refused"]);
});
