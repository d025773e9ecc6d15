/**
 * Holds back what a WebSocket receives between its opening and the moment at which whoever waits for it has it.
 *
 * `await` takes some turns of the microtask queue, and a peer that greets at once is faster. Without this his greeting
 * would find no listener.
 *
 * @param socket One that is connecting. It delivers `Blob`s, as every new one does.
 * @returns Lets go: to be called when the socket is handed over; the events follow in the next turn of the event loop.
 */
export function holdEarlyEvents(socket: WebSocket): () => void {
  const held: Event[] = [];
  let opened = false;
  const open = () => opened = true;
  const hold = (event: Event) => {
    if (!opened) return; // a failure to open is for those who wait
    event.stopImmediatePropagation();
    held.push(event);
  };
  const types = ["message", "error", "close"];
  socket.addEventListener("open", open, { once: true });
  for (const type of types) socket.addEventListener(type, hold);
  socket.binaryType = "arraybuffer"; // it becomes what the receiver has asked for by then
  return () => {
    // He may ask when more has come already. Deno reads this property for each message, so he is heard but not obeyed.
    let wanted: BinaryType = "blob";
    const get = () => "arraybuffer";
    const set = (type: BinaryType) => void (wanted = type);
    Object.defineProperty(socket, "binaryType", { configurable: true, get, set });
    setTimeout(() => {
      Reflect.deleteProperty(socket, "binaryType");
      socket.binaryType = wanted;
      for (const type of types) socket.removeEventListener(type, hold);
      for (const event of held) socket.dispatchEvent(again(event, socket.binaryType));
    });
  };
}

/** An event can be dispatched once only. */
function again(event: Event, binaryType: BinaryType): Event {
  if (event instanceof MessageEvent) {
    const { data, origin } = event;
    const binary = data instanceof ArrayBuffer && binaryType === "blob";
    return new MessageEvent("message", { data: binary ? new Blob([data]) : data, origin });
  }
  if (event instanceof CloseEvent) {
    const { code, reason, wasClean } = event;
    return new CloseEvent("close", { code, reason, wasClean });
  }
  const { message, error } = event as ErrorEvent;
  return new ErrorEvent("error", { message, error });
}
