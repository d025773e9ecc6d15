/** A folder to serve, with everything around it that must not be reached. */
export interface TestFolder extends AsyncDisposable {
  /** What is served. */
  readonly root: string;
  write(path: string, content: string | Uint8Array): Promise<void>;
}

/** Makes `secret.txt` beside a folder that holds links to it, dot files, and some that may be seen. */
export async function testFolder(): Promise<TestFolder> {
  const parent = await Deno.makeTempDir({ prefix: "skip-test-" });
  const root = `${parent}/public`;
  const write = async (path: string, content: string | Uint8Array) => {
    const file = `${root}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
  };
  await write("hello.txt", "hello, world");
  await write("empty.txt", "");
  await write("sub/page.html", "<p>page");
  await write("site/index.html", "<h1>index");
  await write(".env", "SECRET=1");
  await write("sub/.git/config", "secret");
  await write(".well-known/x", "known");
  await Deno.mkdir(`${parent}/public-not`);
  await Deno.writeTextFile(`${parent}/public-not/secret.txt`, "secret");
  await Deno.writeTextFile(`${parent}/secret.txt`, "secret");
  await Deno.symlink("../secret.txt", `${root}/out.txt`);
  await Deno.symlink(parent, `${root}/out`);
  await Deno.symlink("../public-not", `${root}/neighbour`);
  await Deno.symlink(".env", `${root}/hidden.txt`);
  await Deno.symlink("loop", `${root}/loop`);
  await Deno.symlink("hello.txt", `${root}/alias.txt`);
  return { root, write, [Symbol.asyncDispose]: () => Deno.remove(parent, { recursive: true }) };
}
