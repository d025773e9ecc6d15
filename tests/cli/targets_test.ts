import { assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../cli/_exit.ts";
import { readFlags } from "../../cli/_flags.ts";
import { isListening, openTargets, readTargets } from "../../cli/_targets.ts";

function read(...args: string[]) {
  return readTargets(readFlags("serve", args, { collect: ["name"], positional: [0, 1] }));
}

const info = {
  remoteAddr: { transport: "tcp", hostname: "192.0.2.7", port: 5 },
  completed: Promise.resolve(),
} as const;

Deno.test("readTargets() reads TARGET and each --name, and nothing where there is none", async () => {
  assertEquals(await read(), []);
  const targets = await read("8080", "--name", "/api=nas:80", "--name", "/files/=lib");
  assertEquals(targets.map(({ path, text, address: { kind } }) => [path, text, kind]), [
    ["/", "8080", "http"],
    ["/api", "nas:80", "http"],
    ["/files/", "lib", "folder"],
  ]);
});

Deno.test("readTargets() refuses what cannot be served", async () => {
  const table: [args: string[], words: string][] = [
    [["0"], "a port is 1 to 65535"],
    [["./nowhere"], "there is no such folder"],
    [["--name", "api=80"], '--name is not valid: "api=80"'],
    [["--name", "/api="], '--name is not valid: "/api="'],
    [["--name", "/a?b=80"], "must begin with one /"],
    [["80", "--name", "/=81"], "a path twice"],
  ];
  for (const [args, words] of table) {
    await assertRejects(() => read(...args), UsageError, words, args.join(" "));
  }
});

Deno.test("openTargets() serves each target at its path", async () => {
  const target = openTargets(await read("--name", "/code=lib"), () => {});
  const ask = async (path: string) => {
    const response = await target(new Request(`https://x${path}`), info);
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await Promise.all(["/code/io.ts", "/io.ts", "/"].map(ask)), [200, 404, 404]);
  target[Symbol.dispose]();
});

Deno.test("isListening() tells whether somebody is there, at either loopback address", async () => {
  const [here, folder] = await read("8080", "--name", "/f=lib");
  assertEquals(await isListening(folder!), true);
  for (const hostname of ["127.0.0.1", "::1"]) {
    let port: number;
    {
      using listener = Deno.listen({ hostname, port: 0 });
      port = listener.addr.port;
      const address = { kind: "tcp", endpoint: { hostname: "localhost", port } } as const;
      assertEquals(await isListening({ ...here!, address }), true);
    }
    const [gone] = await read(`${port}`);
    assertEquals(await isListening(gone!), false);
  }
});
