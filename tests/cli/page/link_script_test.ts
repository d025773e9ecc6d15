/** The page's connection in a world without a network, in which time passes only when a test says so. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { LINK_SCRIPT } from "../../../cli/page/link_script.ts";

interface FakeSocket {
  readonly address: string;
  readonly protocol: string;
  readonly sent: { type: string; id?: number }[];
  readyState: number;
  onopen(): void;
  onmessage(event: { data: string }): void;
  onclose(): void;
}

/** A browser, as far as the script sees one. */
function world(href = "http://localhost:8080/somewhere?x#y") {
  const sockets: FakeSocket[] = [];
  const said: unknown[][] = [];
  const timers = new Map<number, { at: number; every?: number; run: () => void }>();
  const listeners = new Map<string, () => void>();
  const page = { visibilityState: "visible" };
  let [now, ids] = [1000, 0];
  const add = (run: () => void, ms: number, every?: number) => {
    timers.set(++ids, { at: now + ms, run, ...(every ? { every } : {}) });
    return ids;
  };
  class Socket {
    static readonly OPEN = 1;
    readonly address: string;
    readonly sent: unknown[] = [];
    readyState = 0;
    constructor(address: URL, readonly protocol: string) {
      this.address = address.href;
      sockets.push(this as unknown as FakeSocket);
    }
    send(json: string) {
      this.sent.push(JSON.parse(json));
    }
    close() {
      this.readyState = 3;
    }
  }
  const listen = (type: string, run: () => void) => void listeners.set(type, run);
  const names = {
    WebSocket: Socket,
    URL,
    location: new URL(href),
    performance: { now: () => now },
    Math: Object.assign(Object.create(Math), { random: () => 0.5 }),
    setTimeout: add,
    setInterval: (run: () => void, ms: number) => add(run, ms, ms),
    clearTimeout: (id: number) => void timers.delete(id),
    clearInterval: (id: number) => void timers.delete(id),
    document: Object.assign(page, { addEventListener: listen }),
    addEventListener: listen,
  };
  const on = {
    state: (...args: unknown[]) => said.push(args),
    message: (message: unknown) => said.push(["message", message]),
    trip: (median: number, trips: number[]) => said.push(["trip", median, trips.length]),
  };
  const send = new Function(...Object.keys(names), "on", `${LINK_SCRIPT}; return openLink(on);`)(
    ...Object.values(names),
    on,
  ) as (message: object) => boolean;
  return {
    ...{ sockets, said, send, listeners, page },
    newest: () => sockets.at(-1)!,
    open() {
      sockets.at(-1)!.readyState = 1;
      sockets.at(-1)!.onopen();
    },
    /** Lets time pass, and everything that is due happen in its turn. */
    pass(ms: number) {
      for (const end = now + ms;;) {
        const next = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
        if (!next) return void (now = end);
        const [id, timer] = next;
        now = timer.at;
        if (timer.every) timer.at += timer.every;
        else timers.delete(id);
        timer.run();
      }
    },
  };
}

Deno.test("the link opens the chat's protocol at the page's own address", () => {
  assertEquals(world().newest().address, "ws://localhost:8080/");
  const { address, protocol } = world("https://abc.skip.alt/").newest();
  assertEquals([address, protocol], ["wss://abc.skip.alt/", "skip.chat"]);
});

Deno.test("the link says what it is doing, and passes messages both ways while it is open", () => {
  const { said, send, open, newest } = world();
  assertEquals(send({ type: "say", text: "too early" }), false);
  open();
  assertEquals(send({ type: "say", text: "hello" }), true);
  newest().onmessage({ data: '{"type":"said"}' });
  assertEquals(said, [["waiting"], ["open"], ["message", { type: "said" }]]);
  assertEquals(newest().sent.at(-1), { type: "say", text: "hello" } as unknown);
});

Deno.test("the link measures the round trip by pings, and tells the median", () => {
  const { said, open, newest, pass } = world();
  open();
  for (const ms of [30, 10, 20]) {
    const { id } = newest().sent.at(-1)!;
    pass(ms);
    newest().onmessage({ data: JSON.stringify({ type: "pong", id }) });
    newest().onmessage({ data: JSON.stringify({ type: "pong", id }) }); // counts once
    pass(2000 - ms);
  }
  assertEquals(said.filter(([type]) => type === "trip"), [["trip", 30, 1], ["trip", 30, 2], ["trip", 20, 3]]);
});

Deno.test("the link waits longer each time, at most about half a minute, and begins anew once it was open", () => {
  const { sockets, said, open, newest, pass } = world();
  const waits: number[] = [];
  for (let n = 0; n < 9; n++) {
    newest().onclose();
    waits.push(said.at(-1)![1] as number);
    pass(waits[n]! * 1000 - 1);
    assertEquals(sockets.length, n + 1, "not before its time");
    pass(1);
    assertEquals(sockets.length, n + 2);
  }
  assertEquals(waits, [0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
  open();
  newest().onclose();
  assertEquals(said.at(-1), ["lost", 0.5]);
});

Deno.test("the link gives up a path that has gone silent, within 15 s", () => {
  const { sockets, said, open, pass } = world();
  open();
  pass(11_900);
  assertEquals(said.at(-1), ["open"]);
  pass(3000);
  assertAlmostEquals(said.findLast(([state]) => state === "lost")![1] as number, 0.5);
  assert(sockets.length === 2 && sockets[0]!.readyState === 3);
  sockets[0]!.onclose(); // at last, and nobody cares
  sockets[0]!.onmessage({ data: '{"type":"said"}' });
  assertEquals(said.at(-1), ["waiting"]);
});

Deno.test("the link tries at once when the network or the reader is back, and only then", () => {
  const { sockets, listeners, page, newest } = world();
  listeners.get("online")!();
  assertEquals(sockets.length, 1, "it is trying already");
  newest().onclose();
  page.visibilityState = "hidden";
  listeners.get("visibilitychange")!();
  assertEquals(sockets.length, 1);
  page.visibilityState = "visible";
  listeners.get("visibilitychange")!();
  assertEquals(sockets.length, 2);
  newest().onclose();
  listeners.get("online")!();
  assertEquals(sockets.length, 3);
});
