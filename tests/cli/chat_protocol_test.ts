import { assertEquals } from "@std/assert";
import { cleanName, MAX_FRAME, MAX_NAME, MAX_TEXT, parsePageMessage } from "../../cli/_chat_protocol.ts";

Deno.test("parsePageMessage() reads what a page sends", () => {
  const messages = [
    { type: "say", text: "hello\nworld 👋" },
    { type: "say", text: "x".repeat(MAX_TEXT) },
    { type: "name", name: "Ann" },
    { type: "ping", id: 7 },
  ] as const;
  for (const message of messages) assertEquals(parsePageMessage(JSON.stringify(message)), message);
});

Deno.test("parsePageMessage() reads the longest text in its longest form", () => {
  const json = `{"type":"say","text":"${"\\u0001".repeat(MAX_TEXT)}"}`;
  assertEquals(parsePageMessage(json), { type: "say", text: "\x01".repeat(MAX_TEXT) });
});

Deno.test("parsePageMessage() takes no more of an object than it knows", () => {
  assertEquals(parsePageMessage('{"type":"ping","id":1,"__proto__":{"x":1},"text":"y"}'), {
    type: "ping",
    id: 1,
  });
});

Deno.test("parsePageMessage() passes over whatever else a stranger sends", () => {
  const strange = [
    "",
    "hello",
    "null",
    "[]",
    "7",
    "{",
    "[".repeat(MAX_FRAME),
    '{"type":"shout","text":"x"}',
    '{"type":"say"}',
    '{"type":"say","text":7}',
    '{"type":"say","text":" \\n "}',
    `{"type":"say","text":"${"x".repeat(MAX_TEXT + 1)}"}`,
    '{"type":"name","name":null}',
    '{"type":"ping","id":"1"}',
    '{"type":"ping","id":1e300}',
    `{"type":"ping","id":1,"x":"${"x".repeat(MAX_FRAME)}"}`,
    new ArrayBuffer(8),
    undefined,
  ];
  for (const data of strange) assertEquals(parsePageMessage(data), undefined, String(data).slice(0, 80));
});

Deno.test("cleanName() leaves a name that stays within its line", () => {
  const table: [given: string, name: string][] = [
    ["  Ann \t\n Lee ", "Ann Lee"],
    ["\x1b[31mred\x07", "[31mred"],
    ["\u202eevil\u200b\u2066", "evil"], // turned the wrong way round, without width
    ["\u2028", ""],
    ["Ann \x00 Lee\t\x00\tB", "Ann Lee B"], // no gap where something was taken out
    ["Zoë 👋", "Zoë 👋"],
    ["\ud800", ""], // half a character
    ["👋".repeat(MAX_NAME + 1), "👋".repeat(MAX_NAME)],
    ["x".repeat(1_000_000), "x".repeat(MAX_NAME)],
  ];
  for (const [given, name] of table) assertEquals(cleanName(given), name);
});
