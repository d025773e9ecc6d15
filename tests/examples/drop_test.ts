import { assertEquals } from "@std/assert";
import { dial } from "../../mod.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { ExampleNetwork } from "./_example.ts";

async function hash(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
}

Deno.test("examples/drop.ts: a file arrives whole, under its name, and never over another", async () => {
  await using network = await ExampleNetwork.create();
  await using folder = await temporaryFolder();
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const big = new Uint8Array(5_000_000).map((_, index) => bytes[index % bytes.length]!);
  await Deno.writeFile(`${folder.path}/a file.bin`, big);
  await using server = await network.start("drop.ts", `${folder.path}/in`);
  const id = await server.id();

  const send = async () => {
    await using sender = await network.start("drop.ts", id, `${folder.path}/a file.bin`);
    return await sender.end();
  };
  assertEquals(await send(), { code: 0, stdout: "Thank you.\n" });
  await server.stdout.until(/^a file\.bin is here$/m);
  assertEquals(await hash(await Deno.readFile(`${folder.path}/in/a file.bin`)), await hash(big));
  assertEquals(await send(), { code: 1, stdout: "There is such a file already.\n" });
  assertEquals(await namesIn(`${folder.path}/in`), ["a file.bin"]);
});

Deno.test("examples/drop.ts: nothing leads out of the folder, and nothing is hidden in it", async () => {
  await using network = await ExampleNetwork.create();
  await using folder = await temporaryFolder();
  await using server = await network.start("drop.ts", `${folder.path}/in`);
  await using peer = await dial(await server.id(), {
    bootstrap: network.bootstrap,
    stun: [],
    portMapping: false,
  });
  for (
    const path of [
      "/..%2Fout",
      "/%2e%2e%2fout",
      "/a%2Fb",
      "/.hidden",
      "/",
      "/a%00b",
      "/%ff",
      "/a%5Cb",
      "/a%1B%5B2J",
    ]
  ) {
    const response = await peer.fetch(path, { method: "PUT", body: "x" });
    await response.body?.cancel();
    assertEquals(response.status, 400, path);
  }
  assertEquals(await namesIn(folder.path), ["in"]);
  assertEquals(await namesIn(`${folder.path}/in`), []);
});
