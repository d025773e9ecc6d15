import { assertEquals, assertRejects } from "@std/assert";
import { FileStore, type Invitation, MemoryStore } from "../../lib/access/_invitation_store.ts";
import { newTerms } from "../../lib/access/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { inFolder } from "./_folder.ts";

function invitation(): Invitation {
  return { ...newTerms(3, 60_000), revoked: false, peers: [] };
}

Deno.test("FileStore keeps what another one finds, in a file that only this user can read", () =>
  inFolder(async (folder) => {
    const path = `${folder}/new/invitations`;
    const [first, second] = [new FileStore(path), new FileStore(path)];
    await second.refresh();
    assertEquals(second.value, []);
    const one = invitation();
    await first.update(() => [one]);
    await second.refresh();
    assertEquals([first.value, second.value], [[one], [one]]);
    const names = (await Array.fromAsync(Deno.readDir(`${folder}/new`))).map(({ name }) => name).sort();
    assertEquals(names, ["invitations", "invitations.lock"]);
    if (Deno.build.os === "windows") return;
    for (const name of names) assertEquals((await Deno.stat(`${folder}/new/${name}`)).mode! & 0o777, 0o600);
  }));

Deno.test("FileStore loses no change of many that come at once", () =>
  inFolder(async (folder) => {
    const stores = Array.from({ length: 4 }, () => new FileStore(`${folder}/invitations`));
    const added = Array.from({ length: 16 }, invitation);
    await Promise.all(added.map((one, i) => stores[i % 4]!.update((all) => [...all, one])));
    await stores[0]!.refresh();
    const keys = (all: readonly Invitation[]) => all.map(({ key }) => key).sort();
    assertEquals(keys(stores[0]!.value), keys(added));
  }));

Deno.test("FileStore gives up when somebody keeps the lock, and changes nothing", () =>
  inFolder(async (folder) => {
    const path = `${folder}/invitations`;
    const store = new FileStore(path);
    await store.update(() => []);
    using held = await Deno.open(`${path}.lock`, { write: true });
    assertEquals(await held.tryLock(true), true);
    await assertRejects(() => store.update(() => [invitation()]), Deno.errors.TimedOut, "lock");
    assertEquals(store.value, []);
  }));

Deno.test("FileStore does not touch a file that it does not understand", () =>
  inFolder(async (folder) => {
    const path = `${folder}/invitations`;
    const one = invitation();
    const wrong: unknown[] = [
      "garbage",
      { version: 2, invitations: [] },
      { version: 1 },
      { version: 1, invitations: [null] },
      { version: 1, invitations: [{ ...one, key: "x" }] },
      { version: 1, invitations: [{ ...one, uses: 0 }] },
      { version: 1, invitations: [{ ...one, peers: ["ann"] }] },
      { version: 1, invitations: [{ ...one, peers: undefined }] },
      { version: 1, invitations: [{ ...one, expires: "never" }] },
      { version: 1, invitations: Array.from({ length: 1001 }, () => one) },
    ];
    for (const content of wrong) {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      await Deno.writeTextFile(path, text);
      await assertRejects(() => new FileStore(path).refresh(), SyntaxError, path, text);
      await assertRejects(() => new FileStore(path).update(() => []), SyntaxError, path, text);
      assertEquals(await Deno.readTextFile(path), text);
    }
  }));

Deno.test("FileStore writes nothing that it could not read again", () =>
  inFolder(async (folder) => {
    const store = new FileStore(`${folder}/invitations`);
    const peers = Array.from({ length: 1000 }, () => generateIdentity().id);
    const crowded = Array.from({ length: 90 }, () => ({ ...invitation(), uses: 1000, peers }));
    await store.update(() => crowded.slice(1, 2));
    await assertRejects(() => store.update(() => crowded), RangeError, "full");
    await store.update((all) => [...all, invitation()]);
    assertEquals(store.value.length, 2);
  }));

Deno.test("MemoryStore and FileStore take no more than a thousand", () =>
  inFolder(async (folder) => {
    const many = Array.from({ length: 1001 }, invitation);
    for (const store of [new MemoryStore(), new FileStore(`${folder}/invitations`)]) {
      await store.update(() => many.slice(1));
      await assertRejects(() => store.update(() => many), RangeError, "at most 1000");
      assertEquals(store.value.length, 1000);
    }
  }));
