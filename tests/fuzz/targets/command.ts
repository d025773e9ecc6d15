import { assert } from "@std/assert";
import { readConfig, withConfigFile } from "../../../cli/_config_file.ts";
import { readDuration } from "../../../cli/_duration.ts";
import { UsageError } from "../../../cli/_exit.ts";
import { type Flags, readFlags, readNumber } from "../../../cli/_flags.ts";
import { nearest } from "../../../cli/_nearest.ts";
import { readBootstrap, readPort, readStun } from "../../../cli/_network_flags.ts";
import { readPath, readTimeout } from "../../../cli/_peer_flags.ts";
import { oneLine, printable } from "../../../cli/_render.ts";
import { readTargets } from "../../../cli/_targets.ts";
import { absoluteArguments, quoteWord, unitText } from "../../../cli/_unit.ts";
import { COMMANDS } from "../../../cli/_commands.ts";
import { SERVE_FLAGS } from "../../../cli/serve.ts";
import { assertOnly, expectOnly, same, unpolluted } from "../_expect.ts";
import * as fc from "../_fast_check.ts";
import { mutatedText } from "../_inputs.ts";
import { failureOf } from "../_settles.ts";
import { type FuzzTarget, fuzzTarget } from "../_target.ts";

const { boolean = [], string = [], collect = [] } = SERVE_FLAGS;
const NAMES = [...boolean, ...string, ...collect];
const WORDS = [
  "--",
  "-",
  "---",
  "-q",
  "-p80",
  "--no-",
  "=",
  "8080",
  "/api=8080",
  "--_",
  "--__proto__",
  "-_",
  "--identity.x=1",
  "--no-json",
  "--json=false",
  "--help",
  "a.b",
  "--a.b=c",
];
/** A word as it stands in a command line. */
const word = fc.oneof(
  fc.constantFrom(...NAMES).map((name) => `--${name}`),
  fc.tuple(fc.constantFrom(...NAMES), mutatedText(["7000", "a:1", "x"], [], 60)).map(([name, value]) =>
    `--${name}=${value}`
  ),
  mutatedText(
    [...NAMES.map((name) => `--${name}`), ...NAMES.map((name) => `--${name}=1`), ...WORDS],
    WORDS,
    200,
  ),
);
const TOML = [
  'identity = "keys/identity.pem" # beside\nport = 7000\nqr = true\nbootstrap = ["a:1", "b:2"]\ntarget = "8080"\n',
  'name = ["/api=8080", "/up=.."]\nallow = "ann"\n\n[port]\nx = 1979-05-27T07:32:00Z\n[[name]]\ny = { a = 1 }\n',
  "s = '''\nlong\n'''\nf = 1e3\ni = 0xff\nl = [[1], [\"a\"]]\n\"quoted key\" = inf\na.b.c = 1\n",
];
const JSONS = ['{"port": "80", "bootstrap": ["a:1"], "qr": false, "identity": "x.pem", "target": "./www"}'];
const TOML_WORDS = [
  "[[",
  "]]",
  "'''",
  '"""',
  " = ",
  "\n",
  "[a.b]",
  "{",
  "}",
  ",",
  "\\u",
  "\\",
  "#",
  ".",
  "1_000",
  "inf",
  "name = ",
];

/** What was read of a command line, looked at by every name. */
function checkFlags(flags: Flags): void {
  assert(flags.positional.length <= 1 && flags.positional.every((one) => typeof one === "string"));
  for (const name of boolean) assert(typeof flags.has(name) === "boolean");
  for (const name of [...string, ...collect]) {
    const values = flags.values(name);
    assert(
      values === undefined ||
        (values.length > 0 && values.every((one) => typeof one === "string" && one !== "")),
      name,
    );
    same(flags.value(name), values?.[0]);
  }
}

/** What each command reads of its flags before it does anything. */
async function readAll(flags: Flags): Promise<void> {
  for (const read of [readBootstrap, readStun, readPort, readTimeout, readPath]) {
    expectOnly(() => read(flags), UsageError);
  }
  assertOnly(await failureOf(readTargets(flags)), UsageError);
}

/** The command line, and the file that completes it. */
export const COMMAND_TARGETS: readonly FuzzTarget[] = [
  fuzzTarget(
    "flags",
    "any command line is a UsageError, or texts and switches by the names in the table",
    () => ({
      inputs: fc.array(word, { maxLength: 5 }),
      async check(args) {
        const flags = expectOnly(() => readFlags("serve", args, SERVE_FLAGS), UsageError);
        unpolluted();
        if (!flags) return;
        checkFlags(flags);
        same(
          await withConfigFile({ ...flags, value: () => undefined }, SERVE_FLAGS).then(() => true),
          true,
        );
        await readAll(flags);
        absoluteArguments(args, SERVE_FLAGS, "print-unit");
      },
    }),
    4,
  ),
  fuzzTarget(
    "every-command",
    "no command has a line that its reader of flags does not understand or refuse",
    async () => {
      const tables = await Promise.all(
        Object.entries(COMMANDS).map(async ([name, load]) => [name, (await load()).flags] as const),
      );
      return {
        inputs: fc.tuple(fc.constantFrom(...tables), fc.array(word, { maxLength: 4 })),
        check([[name, table], args]) {
          expectOnly(() => readFlags(name, args, table), UsageError);
        },
      };
    },
    2,
  ),
  fuzzTarget(
    "config-file",
    "any file is a UsageError, or values by the names in the table; nothing else is touched",
    () => ({
      inputs: fc.oneof(
        fc.tuple(fc.constant("x.toml"), mutatedText(TOML, TOML_WORDS, 4_096)),
        fc.tuple(fc.constant("x.json"), mutatedText(JSONS, ['{"', '":', "[", "]", "}", ",", "null"], 4_096)),
      ),
      check([path, text]) {
        const config = expectOnly(() => readConfig(text, path, SERVE_FLAGS), UsageError);
        unpolluted();
        for (const [name, value] of config ?? []) {
          if (boolean.includes(name)) same(typeof value, "boolean");
          else {assert(
              Array.isArray(value) && value.every((one) => typeof one === "string" && one !== ""),
              name,
            );}
        }
      },
    }),
    4,
  ),
  fuzzTarget("values", "any number, duration or word is a UsageError, or within its bounds", () => ({
    inputs: mutatedText(["7000", "90s", "366d", "1e3", "serve", "--prot"], ["s", "m", "h", "d", "0"], 64),
    check(text) {
      const n = expectOnly(() => readNumber("port", text, 1, 65_535), UsageError);
      assert(n === undefined || (Number.isInteger(n) && n >= 1 && n <= 65_535));
      const ms = expectOnly(() => readDuration("expires", text), UsageError);
      assert(ms === undefined || (Number.isSafeInteger(ms) && ms >= 1000 && ms <= 366 * 86_400_000));
      const guess = nearest(text, NAMES);
      assert(guess === undefined || NAMES.includes(guess));
    },
  }), 3),
  fuzzTarget(
    "words-shown",
    "no text of a stranger moves the cursor of a terminal, or leaves its line in a unit file",
    () => ({
      inputs: mutatedText(["203.0.113.9:1", "a \\ b", "100 %", "$HOME"], [
        "\x1b]0;x\x07",
        "\x9b31m",
        "\n[Service]\n",
        '"',
        "\\",
      ], 300),
      check(text) {
        // deno-lint-ignore no-control-regex -- it is what must not be there
        assert(!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(printable(text)));
        assert(!oneLine(text).includes("\n"));
        const quoted = quoteWord(text);
        // deno-lint-ignore no-control-regex
        assert(!/[\x00-\x1f\x7f]/.test(quoted), quoted);
        assert(
          /^(?:"(?:[^"\\]|\\.)*"|[\w@%+=:,./-]+)$/su.test(quoted),
          quoted,
        );
        const unit = unitText({ command: ["skip", "serve", text], folder: text });
        same(
          unit.split("\n").length,
          unitText({ command: ["skip", "serve", "x"], folder: "/" }).split("\n").length,
        );
      },
    }),
  ),
];
