import { assertEquals } from "@std/assert";
import { type ControlMessage, decodeControl, encodeControl } from "../../lib/control/mod.ts";
import { natOf } from "../../lib/nat.ts";

const candidates = [
  { hostname: "203.0.113.9", port: 50712 },
  { hostname: "2001:db8::9", port: 50712 },
];
const knock: ControlMessage = {
  type: "knock",
  n: 3,
  knock: { candidates, nat: natOf("random"), ports: [1024, 65535] },
};

Deno.test("decodeControl() reads what encodeControl() wrote", () => {
  const plain: ControlMessage = { type: "knock", n: 4, knock: { candidates, nat: natOf("preserving") } };
  const messages: ControlMessage[] = [
    { type: "ping", n: 0 },
    { type: "pong", n: 1 },
    { type: "knocked", n: Number.MAX_SAFE_INTEGER },
    { type: "ports", n: 2, ports: [1024, 65535] },
    { type: "ports", n: 2, ports: [] },
    knock,
    plain,
  ];
  for (const message of messages) assertEquals(decodeControl(encodeControl(message)), message);
});

Deno.test("encodeControl() says no more than a knock may hold", () => {
  const many = { candidates: Array(20).fill(candidates[0]), nat: natOf("random"), ports: Array(40).fill(5) };
  const read = decodeControl(encodeControl({ type: "knock", n: 1, knock: many }));
  assertEquals(read?.type === "knock" && [read.knock.candidates.length, read.knock.ports?.length], [8, 16]);
  const answer = decodeControl(encodeControl({ type: "ports", n: 1, ports: Array(40).fill(5) }));
  assertEquals(answer?.type === "ports" && answer.ports.length, 16);
});

Deno.test("decodeControl() shows which address an endpoint really has", () => {
  const text = JSON.stringify({
    ...JSON.parse(encodeControl(knock)),
    candidates: ["[::ffff:203.0.113.9]:80"],
  });
  const read = decodeControl(text);
  assertEquals(read?.type === "knock" && read.knock.candidates, [{ hostname: "203.0.113.9", port: 80 }]);
});

Deno.test("decodeControl() is null for whatever is no message", () => {
  const text = (change: Record<string, unknown>) =>
    JSON.stringify({ ...JSON.parse(encodeControl(knock)), ...change });
  const wrong: unknown[] = [
    ...[undefined, 7, new ArrayBuffer(8), "", "null", "[]", "{", "3", '"ping"', "{}"],
    ...['{"type":"ping"}', '{"type":"ping","n":"1"}', '{"type":"ping","n":1.5}', '{"type":"dance","n":1}'],
    text({ candidates: [] }),
    text({ candidates: "203.0.113.9:1" }),
    text({ candidates: ["example.org:1"] }),
    text({ candidates: ["203.0.113.9:0"] }),
    text({ candidates: [null] }),
    text({ candidates: Array(9).fill("203.0.113.9:1") }),
    text({ nat: "strange" }),
    text({ nat: 4 }),
    text({ ports: [0] }),
    text({ ports: ["5"] }),
    text({ ports: Array(17).fill(5) }),
    ...['{"type":"ports","n":1}', '{"type":"ports","n":1,"ports":[0]}', '{"type":"ports","n":1,"ports":"5"}'],
    text({ padding: "x".repeat(3000) }),
  ];
  for (const message of wrong) assertEquals(decodeControl(message), null, String(message).slice(0, 60));
});
