import { assertEquals, assertRejects } from "@std/assert";
import { type Guard, type GuardOptions, Invitations, openGuard } from "../../lib/access/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { inFolder } from "./_folder.ts";

const identity = generateIdentity();
const [ann, bob] = Array.from({ length: 2 }, () => generateIdentity().id) as [string, string];

const open = (options: GuardOptions) => openGuard({ lookIntervalMs: 5, ...options });

/** Resolves when the guard has looked again, and `is` holds. */
function until(guard: Guard, is: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = guard.watch(() => {
      if (!is()) return;
      stop();
      resolve();
    });
  });
}

Deno.test("openGuard() without a list and invitations lets nobody in", async () => {
  await using guard = await open({});
  assertEquals([guard.admits(ann), await guard.admit(ann), await guard.admit(ann, "token")], [
    false,
    false,
    false,
  ]);
});

Deno.test("openGuard() lets in who is on the list, and who is invited", async () => {
  const invitations = new Invitations(identity);
  await using guard = await open({ allow: [ann], invitations });
  assertEquals([await guard.admit(ann), await guard.admit(bob)], [true, false]);
  assertEquals(await guard.admit(bob, await invitations.create()), true);
  assertEquals([guard.admits(bob), await guard.admit(bob)], [true, true]);
});

Deno.test("admit() knows of what was written a moment ago", () =>
  inFolder(async (folder) => {
    const allowFile = `${folder}/friends`;
    await Deno.writeTextFile(allowFile, ann);
    const file = `${folder}/invitations`;
    const invitations = new Invitations(identity, file);
    await using guard = await open({ allowFile, invitations, lookIntervalMs: 1_000_000 });
    const token = await new Invitations(identity, file).create();
    assertEquals(await guard.admit(bob, token), true);
    await Deno.writeTextFile(allowFile, `${ann}\n${identity.id}`);
    assertEquals(await guard.admit(identity.id), true);
  }));

Deno.test("watch() tells that somebody was taken off the list, or his invitation back", () =>
  inFolder(async (folder) => {
    const allowFile = `${folder}/friends`;
    await Deno.writeTextFile(allowFile, `${ann}\n${ann}`);
    const invitations = new Invitations(identity);
    await using guard = await open({ allowFile, invitations });
    await guard.admit(bob, await invitations.create());
    const annIsOut = until(guard, () => !guard.admits(ann));
    await Deno.writeTextFile(allowFile, "");
    await annIsOut;
    const bobIsOut = until(guard, () => !guard.admits(bob));
    await invitations.revoke("all");
    await bobIsOut;
  }));

Deno.test("openGuard() says what has become of the list", () =>
  inFolder(async (folder) => {
    const allowFile = `${folder}/friends`;
    await Deno.writeTextFile(allowFile, ann);
    const heard: { resolve?: (said: unknown) => void } = {};
    const next = () => new Promise((resolve) => heard.resolve = resolve);
    const onAllowList = (peers: number, error?: Error) => heard.resolve!([peers, error?.name]);
    await using guard = await open({ allowFile, onAllowList });
    // Not written in place: the guard might look at it while it is empty.
    const replace = async (text: string) => {
      await Deno.writeTextFile(`${allowFile}.new`, text);
      await Deno.rename(`${allowFile}.new`, allowFile);
    };
    const garbled = next();
    await replace("garbage");
    assertEquals([await garbled, guard.admits(ann)], [[1, "SyntaxError"], true]);
    const mended = next();
    await replace(`${ann}\n${bob}`);
    assertEquals([await mended, guard.admits(bob)], [[2, undefined], true]);
  }));

Deno.test("openGuard() does not begin with a file that makes no sense", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/garbage`, "garbage");
    const garbled = new Invitations(identity, `${folder}/garbage`);
    await assertRejects(() => open({ invitations: garbled }), SyntaxError, "invitations");
    await assertRejects(() => open({ allowFile: `${folder}/garbage` }), SyntaxError, "line 1");
    await assertRejects(() => open({ allowFile: `${folder}/none` }), Deno.errors.NotFound);
  }));

Deno.test("admit() lets nobody in when the invitations cannot be changed", () =>
  inFolder(async (folder) => {
    const file = `${folder}/invitations`;
    const invitations = new Invitations(identity, file);
    const token = await invitations.create();
    await using guard = await open({ allow: [ann], invitations });
    await Deno.remove(file);
    await Deno.mkdir(file);
    assertEquals([await guard.admit(bob, token), await guard.admit(ann)], [false, true]);
  }));
