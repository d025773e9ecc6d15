/** One end of a WebSocket, as the runtime's own behaves; whoever holds it plays the other end. */
export class FakeWebSocket extends EventTarget {
  readonly url: string;
  binaryType = "arraybuffer";
  readyState: number = WebSocket.OPEN;
  readonly sent: (string | Uint8Array)[] = [];
  /** Bytes that the other end has allowed to be sent, beyond what may be sent without. */
  credited = 0;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;

  /** @param url Empty on the serving side. */
  constructor(url: string) {
    super();
    this.url = url;
  }

  /** Whether nothing comes any more. */
  get isFinished(): boolean {
    return this.readyState !== WebSocket.OPEN;
  }

  send(data: string | Uint8Array): void {
    if (this.readyState === WebSocket.CONNECTING) {
      throw new DOMException("still connecting", "InvalidStateError");
    }
    if (this.readyState === WebSocket.OPEN) this.sent.push(data);
  }

  close(code = 1000, reason = ""): void {
    if (code !== 1000 && code !== 1002 && (code < 3000 || code > 4999)) {
      throw new RangeError(`no close code: ${code}`);
    }
    if (this.readyState >= WebSocket.CLOSING) return;
    this.readyState = WebSocket.CLOSING;
    queueMicrotask(() => this.finish(code, reason));
  }

  /** A message of the other end. */
  receive(data: string | ArrayBuffer): void {
    if (this.isFinished) return;
    const [, credit] = typeof data === "string" ? /^credit ([1-9]\d{0,6})$/.exec(data) ?? [] : [];
    this.credited += Number(credit ?? 0);
    const event = new MessageEvent("message", { data });
    this.onmessage?.(event);
    this.dispatchEvent(event);
  }

  /** The connection is over. */
  finish(code: number, reason = ""): void {
    if (this.readyState === WebSocket.CLOSED) return;
    this.readyState = WebSocket.CLOSED;
    const event = new CloseEvent("close", { code, reason, wasClean: code === 1000 });
    this.onclose?.(event);
    this.dispatchEvent(event);
  }
}
