import { assertEquals } from "@std/assert";
import { ExampleNetwork } from "./_example.ts";

Deno.test("examples/chat.ts: what one says, everybody hears", async () => {
  await using network = await ExampleNetwork.create();
  await using room = await network.start("chat.ts");
  const id = await room.id();
  await using ann = await network.start("chat.ts", id, "Ann");
  await ann.stdout.until(/^Ann is here$/m);
  await using bob = await network.start("chat.ts", id, "Bob");
  for (const { stdout } of [ann, bob]) await stdout.until(/^Bob is here$/m);
  await ann.type("hello\n");
  await bob.stdout.until(/^Ann: hello$/m);
  await bob.type("hi Ann\n");
  await ann.stdout.until(/^Bob: hi Ann$/m);
  await ann.type("\x1b[2Jcleared\n"); // what would clear the other's screen
  await bob.stdout.until(/^Ann: \[2Jcleared$/m);
  assertEquals((await bob.end()).code, 0);
});
