import { assert, assertEquals } from "@std/assert";
import { lines } from "../../cli/_lines.ts";
import { ROOT } from "../../tools/run_flags.ts";

/** Prints its process id, then says which signal it got and exits with 42; without stdin it echoes and exits with 7. */
const PROGRAM = `
if (Deno.args[0] === "echo") {
  await Deno.stdin.readable.pipeTo(Deno.stdout.writable);
  Deno.exit(7);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  Deno.addSignalListener(signal, () => {
    console.log(signal);
    Deno.exit(42);
  });
}
console.log(Deno.pid);
await new Promise((resolve) => setTimeout(resolve, 60_000));
`;

async function writeProgram(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempFile({ prefix: "skip-program-", suffix: ".js" });
  await Deno.writeTextFile(path, PROGRAM);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

function start(args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-lock", "tools/deno.ts", "run", "-A", "--quiet", ...args],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "null", // no terminal on any of the three, wherever the tests run
  }).spawn();
}

async function nextLine(output: AsyncGenerator<string>): Promise<string | undefined> {
  const { value } = await output.next();
  return value || undefined;
}

Deno.test("tools/deno.ts passes stdin and stdout through, byte by byte, and the exit code back", async () => {
  await using program = await writeProgram();
  const child = start([program.path, "echo"]);
  const bytes = new Uint8Array(300_000).map((_, index) => index * 7);
  const writing = async () => {
    const writer = child.stdin.getWriter();
    await writer.write(bytes);
    await writer.close();
  };
  const [, output, { code }] = await Promise.all([
    writing(),
    new Response(child.stdout).bytes(),
    child.status,
  ]);
  assertEquals(code, 7);
  assertEquals(output, bytes);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`tools/deno.ts passes ${signal} on`, async () => {
    await using program = await writeProgram();
    const child = start([program.path]);
    const output = lines(child.stdout);
    assert(Number(await nextLine(output)) > 0);
    child.kill(signal);
    assertEquals(await nextLine(output), signal);
    assertEquals((await child.status).code, 42);
    await output.return(undefined);
    await child.stdin.close();
  });
}

Deno.test("a program with tools/orphan.ts ends when what started it is killed", async () => {
  await using program = await writeProgram();
  const child = start([`--preload=${new URL("tools/orphan.ts", ROOT)}`, program.path]);
  const output = lines(child.stdout);
  assert(Number(await nextLine(output)) > 0);
  child.kill("SIGKILL");
  // The pipe ends once the last process that writes to it has gone.
  assertEquals(await nextLine(output), undefined);
  await child.status;
  await child.stdin.close();
});
