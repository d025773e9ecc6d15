import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  describePermissions,
  flagsOf,
  PERMISSIONS,
  type PermissionSet,
  tellShortcomings,
  unionOf,
} from "../../cli/_permissions.ts";
import { IS_EXECUTABLE } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { type Ending, events, serveAlone, Skip, skip } from "./_skip.ts";

/** An id that nobody has. */
const NOBODY = "y".repeat(52);
/** A network in which nobody answers, so that every command comes to its end soon. */
const NOWHERE = ["--bootstrap", "127.0.0.1:9", "--no-stun", "--no-map"];
const BRIEFLY = [...NOWHERE, "--timeout", "1"];

/** How each command of a set is called. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  serve: NOWHERE,
  connect: [NOBODY, ...BRIEFLY],
  ping: [NOBODY, ...BRIEFLY],
  forward: [NOBODY, ...BRIEFLY],
  proxy: ["--port", "0", ...NOWHERE],
  pipe: [NOBODY, ...BRIEFLY],
  check: NOWHERE,
  dht: ["--bootstrap", "127.0.0.1:9"],
  id: [],
  invite: [],
  name: ["add", "home", NOBODY],
  status: [],
};

type Kind = keyof PermissionSet;

/** Where a command goes on without a permission, and says what does not work; everywhere else it fails. */
const DISPENSABLE: Readonly<Record<string, readonly Kind[]>> = {
  serve: ["sys"],
  ...Object.fromEntries(["connect", "ping", "forward", "proxy", "pipe", "check"].map((name) => {
    return [name, ["sys", "write"]];
  })),
};

function without(set: PermissionSet, kind: Kind): string[] {
  return flagsOf({ ...set, [kind]: undefined });
}

const cases = Object.entries(PERMISSIONS).flatMap(([name, set]) =>
  (Object.keys(set) as Kind[]).map((kind) => ({ name, set, kind }))
);

/** Runs a command without one of its permissions, until it has failed or said what it goes without. */
async function deprived({ name, set, kind }: typeof cases[number]) {
  const goesOn = DISPENSABLE[name]?.includes(kind) ?? false;
  await using command = await Skip.start([name, ...CALLS[name]!], { permissions: without(set, kind) });
  await command.stderr.until(goesOn ? new RegExp(`^note: .*--allow-${kind}`, "m") : /^ {2}try: /m);
  return goesOn ? undefined : await command.ended;
}

function assertDenied({ code, stderr }: Ending, kind: Kind, of: string) {
  assertEquals(code, 1, of);
  assertMatch(stderr, new RegExp(`^skip: Deno did not permit it\n {2}why: .*${kind} access`, "m"), of);
  assertMatch(stderr, new RegExp(`try: {2}Add --allow-${kind} to .*skip help permissions`), of);
}

Deno.test({
  name:
    "each permission of each command is needed: without it the command says what is missing, and the flag for it",
  ignore: IS_EXECUTABLE,
  async fn() {
    assertEquals(new Set(Object.keys(CALLS)), new Set(cases.map(({ name }) => name)));
    const waiting = [...cases], denied: [Ending, typeof cases[number]][] = [];
    const work = async () => {
      for (let one = waiting.shift(); one; one = waiting.shift()) {
        const ending = await deprived(one);
        if (ending) denied.push([ending, one]);
      }
    };
    await Promise.all(Array.from({ length: 4 }, work));
    for (const [ending, { name, kind }] of denied) assertDenied(ending, kind, `${name} without ${kind}`);
  },
});

Deno.test({
  name: "read and write can be narrowed to the two folders of the command",
  ignore: IS_EXECUTABLE || Deno.build.os !== "linux", // elsewhere the folders do not depend on XDG_CONFIG_HOME
  async fn() {
    await using home = await temporaryFolder();
    const folders = ["config", "cache"].map((kind) => `${home.path}/${kind}/skip-public-ip`).join();
    const narrow = (name: string) =>
      flagsOf(PERMISSIONS[name]!).map((flag) =>
        /^--allow-(read|write)$/.test(flag) ? `${flag}=${folders}` : flag
      );
    const run = async (...args: string[]) => {
      const permissions = narrow(args[0]!);
      const { code, stdout, stderr } = await skip(args, { home: home.path, permissions, input: "hello\n" });
      assertEquals(code, 0, `${args.join(" ")}: ${stderr}`);
      assert(!stderr.includes("note:"), stderr);
      return stdout;
    };
    const id = (await run("id")).trim();
    await run("name", "add", "home", id);
    assertMatch(await run("invite"), /--token/);
    await using server = await serveAlone([], { home: home.path, permissions: narrow("serve") });
    assertMatch(await run("status"), new RegExp(`serve +${id}`));
    const there = ["connect", "home", "--as-me", "--bootstrap", server.bootstrap, "--no-stun", "--no-map"];
    assertMatch(await run(...there), /hello/);
  },
});

Deno.test("deno.json permits no command to run programs, to load libraries, or to import from elsewhere", () => {
  const known = new Set(["net", "sys", "read", "write", "env"]);
  assertEquals(cases.filter(({ kind }) => !known.has(kind)), []);
});

/** What deno.json calls a set that shows no variables to the program, whatever it asks for: no test is left out by it. */
const UNSEEN_ENVIRONMENT = { env: { ignore: true } };

Deno.test("flagsOf() writes a set as one types it", () => {
  assertEquals(flagsOf({}), []);
  assertEquals(flagsOf({ net: true, sys: ["a", "b"], read: true, write: true, env: { allow: ["A", "B"] } }), [
    ...["--allow-net", "--allow-sys=a,b", "--allow-read", "--allow-write", "--allow-env=A,B"],
  ]);
  assertEquals(flagsOf(UNSEEN_ENVIRONMENT), ["--ignore-env"]);
});

Deno.test("unionOf() is enough for each set, and no more", () => {
  const sets = [{ net: true, ...UNSEEN_ENVIRONMENT }, { read: true, env: { allow: ["A"] } }, {
    sys: ["x"],
    env: { allow: ["A", "B"] },
  }];
  assertEquals(flagsOf(unionOf(sets)), [
    ...["--allow-net", "--allow-sys=x", "--allow-read", "--allow-env=A,B", "--ignore-env"],
  ]);
  assertEquals(flagsOf(unionOf([{}])), []);
});

Deno.test("describePermissions() names every command once", () => {
  const names = [...describePermissions().matchAll(/^ {2}(\S.*):$/gm)].flatMap(([, names]) =>
    names!.split(", ")
  );
  assertEquals(names.sort(), Object.keys(PERMISSIONS).sort());
});

Deno.test("tellShortcomings() tells a person and a script of what is not granted and can be done without", () => {
  const asked: Deno.PermissionDescriptor[] = [], said: string[] = [], told: unknown[] = [];
  const output = {
    say: (text: string) => void said.push(text),
    event: (event: unknown) => void told.push(event),
  };
  tellShortcomings(output, "/cache", (permission) => asked.push(permission) > 1);
  assertEquals(asked, [{ name: "sys", kind: "networkInterfaces" }, { name: "write", path: "/cache" }]);
  const message = "Peers within one local network will not find each other directly";
  const hint = "Add --allow-sys=networkInterfaces to the flags of deno run.";
  assertEquals(said, [`note: ${message}. ${hint}`]);
  assertEquals(told, [{ type: "note", message, hint }]);
});

Deno.test({
  name: "what goes wrong for lack of a permission is one error object with --json",
  ignore: IS_EXECUTABLE,
  async fn() {
    const { code, stdout } = await skip(["id", "--json"], { permissions: [] });
    const [error, ...more] = events(stdout);
    assertEquals([code, error!.type, error!.code, more], [1, "error", "permission", []]);
    assertMatch(error!.hint, /--allow-env/);
  },
});
