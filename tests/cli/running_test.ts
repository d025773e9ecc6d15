import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { announceRunning, listRunning } from "../../cli/_running.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const ABOUT = { command: "serve", id: "y".repeat(52), detail: "http://localhost:8080" };

Deno.test("listRunning() shows what was announced, until it ends", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "running");
  assertEquals(await listRunning(path), []);
  const announced = await announceRunning(path, ABOUT);
  const [one, ...more] = await listRunning(path);
  assertEquals([one!.pid, one!.command, one!.id, one!.detail, more], [
    ...[Deno.pid, ABOUT.command, ABOUT.id, ABOUT.detail],
    [],
  ]);
  await announced[Symbol.asyncDispose]();
  assertEquals(await listRunning(path), []);
});

Deno.test("announceRunning() shows again and again that it is alive", async () => {
  await using folder = await temporaryFolder();
  await using _ = await announceRunning(folder.path, ABOUT, { heartbeatMs: 1 });
  const file = join(folder.path, `${Deno.pid}.json`);
  await Deno.utime(file, 0, 0);
  while ((await Deno.stat(file)).mtime!.getTime() === 0);
});

Deno.test("announceRunning() costs nobody a connection where nothing can be written", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "file");
  await Deno.writeTextFile(file, "");
  await using _ = await announceRunning(join(file, "in-it"), ABOUT);
});

Deno.test("listRunning() forgets who has ended without saying so, and passes over what is no file of ours", async () => {
  await using folder = await temporaryFolder();
  const write = (name: string, text: string) => Deno.writeTextFile(join(folder.path, name), text);
  await write("1.json", JSON.stringify({ pid: 1, since: 5, ...ABOUT }));
  await write("2.json", "{");
  await write("3.json", JSON.stringify({ pid: "3", since: 5, ...ABOUT }));
  await write("4.json", `"${"x".repeat(5000)}"`);
  await write("5.json", JSON.stringify({ pid: 5, since: 6, command: "proxy" }));
  await write("6.json", JSON.stringify({ pid: 6, since: 7, ...ABOUT, reach: ["skip"] }));
  await write("notes.txt", "mine");
  assertEquals((await listRunning(folder.path)).map(({ pid }) => pid), [1, 5]);
  assertEquals(await listRunning(folder.path, Date.now() + 30_000), []);
  const left = (await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) => name);
  assertEquals(left, ["notes.txt"]);
});
