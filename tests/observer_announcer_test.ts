import { assertEquals, assertRejects } from "@std/assert";
import { hasSentNothing, ObserverAnnouncer } from "../lib/_observer_announcer.ts";
import { type ByteStream, openPort, type PunchPort } from "../lib/punch/mod.ts";

const OWN = "203.0.113.9";
const STRANGER = { hostname: "20.1.0.1", port: 5000 };

/** An announcer, and what became of its announcements. */
function announcer() {
  const state: { own: string | undefined; begun: number; ended: number } = { own: OWN, begun: 0, ended: 0 };
  const announcer = new ObserverAnnouncer({
    ownAddress: () => state.own,
    announce() {
      state.begun++;
      return { [Symbol.asyncDispose]: () => (state.ended++, Promise.resolve()) };
    },
  });
  return { state, announcer };
}

/** A port that only remembers whom it dialled. */
function fakePort(code?: string) {
  const dialled: string[] = [];
  const port: PunchPort = {
    port: 4000,
    dial(remote) {
      dialled.push(remote.hostname);
      return Promise.reject(Object.assign(new Error("nobody there"), { code }));
    },
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { dialled, port };
}

Deno.test("ObserverAnnouncer announces once a stranger has got in, and once only", async () => {
  const { announcer: one, state } = announcer();
  one.update();
  assertEquals([one.isAnnounced, state.begun], [false, 0]);
  one.arrived(STRANGER);
  one.arrived({ hostname: "20.2.0.1", port: 5000 });
  one.update();
  assertEquals([one.isAnnounced, state], [true, { own: OWN, begun: 1, ended: 0 }]);
  await one[Symbol.asyncDispose]();
  assertEquals([one.isAnnounced, state.ended], [false, 1]);
});

Deno.test("ObserverAnnouncer takes none for a stranger whom the port has dialled, nor a neighbour", async () => {
  const { announcer: one, state } = announcer();
  const { dialled, port } = fakePort();
  await one.watch(port).dial(STRANGER).catch(() => {});
  assertEquals(dialled, [STRANGER.hostname]);
  const others = ["203.0.113.77", "192.168.1.7", "100.64.0.3", "127.0.0.1", "2001:db8::7", "169.254.3.1"];
  for (const hostname of [STRANGER.hostname, ...others]) one.arrived({ hostname, port: 9 });
  assertEquals(state.begun, 0);
  one.arrived({ hostname: "20.1.0.2", port: 9 });
  assertEquals(state.begun, 1);
  await one[Symbol.asyncDispose]();
});

Deno.test("ObserverAnnouncer sees that a dial has sent nothing, as the other side had been faster", async () => {
  for (const isLate of [false, true]) {
    const { announcer: one, state } = announcer();
    const port = one.watch(fakePort("EADDRNOTAVAIL").port);
    const dialling = port.dial(STRANGER).catch(() => {});
    if (!isLate) one.arrived(STRANGER);
    assertEquals(state.begun, 0);
    await dialling;
    if (isLate) one.arrived(STRANGER);
    assertEquals(state.begun, 1, `${isLate}`);
    await one[Symbol.asyncDispose]();
  }
});

Deno.test("ObserverAnnouncer takes nobody for a stranger whom another dial has reached out to", async () => {
  const { announcer: one, state } = announcer();
  await one.watch(fakePort("ECONNREFUSED").port).dial(STRANGER).catch(() => {});
  await one.watch(fakePort("EADDRNOTAVAIL").port).dial(STRANGER).catch(() => {});
  one.arrived(STRANGER);
  assertEquals(state.begun, 0);
  await one[Symbol.asyncDispose]();
});

Deno.test("ObserverAnnouncer announces nothing behind a NAT", async () => {
  const { announcer: one, state } = announcer();
  state.own = undefined;
  one.arrived(STRANGER);
  one.update();
  assertEquals(state.begun, 0);
  await one[Symbol.asyncDispose]();
});

Deno.test("ObserverAnnouncer wants new proof at a new address, and withdraws what is true no longer", async () => {
  const { announcer: one, state } = announcer();
  one.arrived(STRANGER);
  state.own = "198.51.100.7";
  one.update();
  assertEquals([one.isAnnounced, state.begun, state.ended], [false, 1, 1]);
  state.own = OWN; // back again: who knows what has changed meanwhile
  one.update();
  assertEquals(one.isAnnounced, false);
  one.arrived(STRANGER);
  assertEquals([one.isAnnounced, state.begun], [true, 2]);
  state.own = undefined;
  one.update();
  assertEquals([one.isAnnounced, state.ended], [false, 2]);
  await one[Symbol.asyncDispose]();
});

Deno.test("ObserverAnnouncer announces nothing once it is closed", async () => {
  const { announcer: one, state } = announcer();
  await one[Symbol.asyncDispose]();
  one.arrived(STRANGER);
  assertEquals(state.begun, 0);
});

Deno.test("ObserverAnnouncer forgets whom the port dialled long ago", async () => {
  const { announcer: one, state } = announcer();
  const port = one.watch(fakePort().port);
  await port.dial(STRANGER).catch(() => {});
  for (let i = 0; i < 4096; i++) {
    await port.dial({ hostname: `21.0.${i >> 8}.${i & 255}`, port: 9 }).catch(() => {});
  }
  one.arrived({ hostname: "21.0.0.0", port: 9 });
  assertEquals(state.begun, 0);
  one.arrived(STRANGER);
  assertEquals(state.begun, 1);
  await one[Symbol.asyncDispose]();
});

Deno.test("hasSentNothing() tells a dial whose connection is there already from one that was refused", async () => {
  const accepted = Promise.withResolvers<ByteStream>();
  await using ours = await openPort({ port: 0, onConnection: (stream) => accepted.resolve(stream) });
  await using theirs = await openPort({ port: 0, onConnection: (stream) => stream.close() });
  const here = await theirs.dial({ hostname: "127.0.0.1", port: ours.port });
  const there = await accepted.promise;
  const late = await assertRejects(() => ours.dial({ hostname: "127.0.0.1", port: theirs.port }));
  assertEquals(hasSentNothing(late), true, `${late}`);
  here.close();
  there.close();
  const refused = await assertRejects(() => ours.dial({ hostname: "127.0.0.1", port: 9 }));
  assertEquals(hasSentNothing(refused), false, `${refused}`);
});
