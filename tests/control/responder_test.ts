import { connect } from "node:net";
import { assertEquals } from "@std/assert";
import { answerControl, encodeControl } from "../../lib/control/mod.ts";
import type { Knock } from "../../lib/discovery/mod.ts";
import { natOf } from "../../lib/nat.ts";
import { once, socketPair } from "./_sockets.ts";

const REMOTE = { hostname: "198.51.100.7", port: 41_000 };

Deno.test("answerControl() answers pings, and hands over knocks with the address that the connection proves", async () => {
  await using pair = await socketPair();
  const knocks: Knock[] = [];
  answerControl(pair.server, REMOTE, (knock) => knocks.push(knock));
  pair.client.send(encodeControl({ type: "ping", n: 5 }));
  assertEquals((await once(pair.client, "message")).data, encodeControl({ type: "pong", n: 5 }));
  const knock = { candidates: [{ hostname: "203.0.113.9", port: 9 }], nat: natOf("preserving") };
  pair.client.send(encodeControl({ type: "knock", n: 6, knock }));
  assertEquals((await once(pair.client, "message")).data, encodeControl({ type: "knocked", n: 6 }));
  const [{ answer, ...heard }] = knocks as [Knock];
  assertEquals(heard, { via: "control", from: REMOTE.hostname, ...knock });
  answer!([5000, 5001]);
  const told = encodeControl({ type: "ports", n: 6, ports: [5000, 5001] });
  assertEquals((await once(pair.client, "message")).data, told);
});

for (
  const [what, message] of [["noise", "noise"], ["bytes", new Uint8Array(9)], [
    "an answer",
    '{"type":"pong","n":1}',
  ]] as const
) {
  Deno.test(`answerControl() shows out a peer that sends ${what}`, async () => {
    await using pair = await socketPair();
    answerControl(pair.server, REMOTE, () => {});
    const closed = once(pair.client, "close");
    pair.client.send(message);
    assertEquals((await closed).code, 1002);
  });
}

Deno.test("answerControl() takes no harm from a peer whose connection breaks", async () => {
  const broken = Promise.withResolvers<void>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    answerControl(socket, REMOTE, () => {});
    socket.addEventListener("close", () => broken.resolve());
    return response;
  });
  const peer = connect(server.addr.port, "127.0.0.1");
  const upgrade = {
    host: "peer",
    connection: "upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
  };
  const headers = Object.entries({ ...upgrade, "sec-websocket-key": btoa("0123456789abcdef") });
  peer.write(`GET / HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  peer.once("data", () => peer.resetAndDestroy());
  await broken.promise;
});
