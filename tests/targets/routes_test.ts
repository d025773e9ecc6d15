import { assertEquals, assertThrows } from "@std/assert";
import { parseMount, type Route, routes, type Target } from "../../lib/targets/mod.ts";

const INFO = {
  remoteAddr: { transport: "tcp", hostname: "192.0.2.1", port: 1 },
  completed: Promise.resolve(),
} as const;

/** Tells its name and its mount. */
function named(name: string): Target {
  return (_request, _info, mount = "") => new Response(`${name} ${mount}`);
}

async function ask(target: Target, path: string, mount?: string): Promise<string> {
  const response = await target(new Request(`https://x${path}`), INFO, mount);
  const text = await response.text();
  return response.ok ? text : `${response.status}`;
}

Deno.test("routes() takes the longest path that fits, segment by segment", async () => {
  const table: Route[] = [["/", named("root")], ["/api/v2", named("v2")], ["/api/", named("api")]];
  for (const order of [table, table.toReversed()]) {
    const target = routes(order);
    const answers: Record<string, string> = {
      "/": "root ",
      "/x": "root ",
      "/api": "api /api",
      "/api/": "api /api",
      "/api/x?/api/v2": "api /api",
      "/apix": "root ",
      "/api/v2": "v2 /api/v2",
      "/api/v2/x": "v2 /api/v2",
      "/api/v22": "api /api",
      "/api/v2/../x": "api /api",
      "//api": "root ",
      "/API": "root ",
    };
    for (const [path, answer] of Object.entries(answers)) assertEquals(await ask(target, path), answer, path);
  }
});

Deno.test("routes() answers 404 where nothing fits", async () => {
  const target = routes([["/api", named("api")]]);
  for (const path of ["/", "/apix"]) assertEquals(await ask(target, path), "404");
});

Deno.test("routes() can be one of the targets of routes()", async () => {
  const target = routes([["/a", routes([["/b", named("b")]])]]);
  assertEquals(await ask(target, "/a/b/c"), "b /a/b");
  assertEquals(await ask(target, "/a/c"), "404");
});

Deno.test("routes() closes what its targets keep open", () => {
  let closed = 0;
  const keeping = Object.assign(named("x"), { [Symbol.dispose]: () => void closed++ });
  routes([["/", named("y")], ["/x", keeping]]).close();
  assertEquals(closed, 1);
});

Deno.test("routes() refuses a path that is there twice", () => {
  const paths = ["/a", "/b", "/a/"];
  assertThrows(
    () => routes(paths.map((path) => [path, named("x")])),
    SyntaxError,
    'twice, current value is "/a"',
  );
});

Deno.test("parseMount() reads paths as URLs write them, and refuses the rest", () => {
  assertEquals(["/", "/a", "/a/", "/a b/c", "/ü"].map(parseMount), ["", "/a", "/a", "/a%20b/c", "/%C3%BC"]);
  for (const path of ["", "a", "//a", "/\\a", "/a?b", "/a#b", "/a//b", "http://x/"]) {
    assertThrows(() => parseMount(path), SyntaxError, "must begin with one /", path);
  }
});
