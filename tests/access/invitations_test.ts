import { assertEquals, assertRejects } from "@std/assert";
import { Invitations, makeToken, newTerms } from "../../lib/access/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { inFolder } from "./_folder.ts";

const identity = generateIdentity();
const [ann, bob, eve] = Array.from({ length: 3 }, () => generateIdentity().id) as [string, string, string];

Deno.test("redeem() lets one peer in by a token for one, again and again, and nobody after it", async () => {
  const invitations = new Invitations(identity);
  const token = await invitations.create();
  assertEquals(invitations.admits(ann), false);
  assertEquals(await invitations.redeem(token, ann), true);
  assertEquals([invitations.admits(ann), invitations.admits(bob)], [true, false]);
  assertEquals(await invitations.redeem(token, bob), false);
  assertEquals(await invitations.redeem(token, ann), true);
  assertEquals((await invitations.list())[0]!.peers, [ann]);
});

Deno.test("redeem() lets in as many as a token is for", async () => {
  const invitations = new Invitations(identity);
  const token = await invitations.create({ uses: 2 });
  const outcomes = await Promise.all([ann, bob, eve].map((id) => invitations.redeem(token, id)));
  assertEquals(outcomes, [true, true, false]);
});

Deno.test("redeem() wants a token that was made here", async () => {
  const invitations = new Invitations(identity);
  await invitations.create();
  const others = [
    "",
    "x".repeat(100_000),
    await new Invitations(generateIdentity()).create(),
    makeToken(identity, newTerms(1, 60_000)), // signed by us, but the file that knew it is gone
  ];
  for (const token of others) assertEquals(await invitations.redeem(token, ann), false, token.slice(0, 120));
});

Deno.test("A token that has expired lets nobody in, and nobody stay", () =>
  inFolder(async (folder) => {
    const file = `${folder}/invitations`;
    const invitations = new Invitations(identity, file);
    const token = await invitations.create({ uses: 2 });
    await invitations.redeem(token, ann);
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, text.replace(/"expires":\d+/, `"expires":${Date.now() - 1000}`));
    await invitations.refresh();
    assertEquals([invitations.admits(ann), await invitations.redeem(token, bob)], [false, false]);
    assertEquals(await invitations.list(), []);
    await invitations.create();
    assertEquals((await Deno.readTextFile(file)).includes(ann), false); // forgotten
  }));

Deno.test("revoke() takes back one by its token or its key, or all, and says how many", async () => {
  const invitations = new Invitations(identity);
  const [first, second, third] = [
    await invitations.create(),
    await invitations.create(),
    await invitations.create(),
  ];
  await invitations.redeem(first, ann);
  await invitations.redeem(second, bob);
  assertEquals(await invitations.revoke(first), 1);
  assertEquals(await invitations.revoke(first), 0);
  assertEquals([invitations.admits(ann), invitations.admits(bob)], [false, true]);
  assertEquals(await invitations.redeem(first, ann), false);
  assertEquals(await invitations.revoke((await invitations.list())[2]!.key), 1);
  assertEquals(await invitations.redeem(third, eve), false);
  assertEquals([await invitations.revoke("nonsense"), await invitations.revoke("all")], [0, 1]);
  assertEquals(invitations.admits(bob), false);
});

Deno.test("Two processes that share a file never let in two peers by a token for one", () =>
  inFolder(async (folder) => {
    const file = `${folder}/invitations`;
    const [here, there] = [new Invitations(identity, file), new Invitations(identity, file)];
    for (let round = 0; round < 10; round++) {
      const token = await here.create();
      const guests = Array.from({ length: 4 }, () => generateIdentity().id);
      const outcomes = await Promise.all(
        guests.map((id, i) => (i % 2 === 0 ? here : there).redeem(token, id)),
      );
      assertEquals(outcomes.filter((admitted) => admitted).length, 1);
      await Promise.all([here.refresh(), there.refresh()]);
      for (const store of [here, there]) assertEquals(guests.map((id) => store.admits(id)), outcomes);
    }
    await there.revoke("all");
    await here.refresh();
    assertEquals((await here.list()).every(({ revoked }) => revoked), true);
  }));

Deno.test("create() refuses terms that make no sense", async () => {
  const invitations = new Invitations(identity);
  await assertRejects(() => invitations.create({ uses: 0 }), RangeError, "uses must be 1 to 1000");
  await assertRejects(() => invitations.create({ lifetimeMs: 0 }), RangeError, "lifetime");
  assertEquals(await invitations.list(), []);
});
