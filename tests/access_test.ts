import { assertEquals, assertRejects } from "@std/assert";
import { openAccess } from "../lib/_access.ts";
import type { Progress } from "../lib/progress.ts";
import { connect, dial, generateIdentity, Invitations, PeerError, serve } from "../mod.ts";
import { MemoryHub } from "../lib/discovery/mod.ts";
import { inFolder } from "./access/_folder.ts";

Deno.test("openAccess() reports what becomes of the allow list", () =>
  inFolder(async (folder) => {
    const allowFile = `${folder}/friends`;
    await Deno.writeTextFile(allowFile, "");
    const heard: { resolve?: (event: Progress) => void } = {};
    const next = () => new Promise<Progress>((resolve) => heard.resolve = resolve);
    await using guard = await openAccess({ allowFile }, (event) => heard.resolve!(event));
    const { id } = generateIdentity();
    const changes: [text: string, event: Progress][] = [
      [`ann ${id}`, { type: "allow-list", peers: 1 }],
      ["#", { type: "allow-list", peers: 0 }],
    ];
    for (const [text, event] of changes) {
      const said = next();
      await Deno.writeTextFile(allowFile, text);
      assertEquals(await said, event);
    }
    assertEquals(guard.admits(id), false);
  }));

Deno.test("serve() lets in who is invited, and connect() shows who it is when it is told to", async () => {
  const hub = new MemoryHub();
  const [identity, ann, bob] = [generateIdentity(), generateIdentity(), generateIdentity()];
  const invitations = new Invitations(identity);
  await using server = await serve(
    (_, { remoteId }) => new Response(remoteId),
    { identity, access: { invitations }, discovery: hub.open() },
  );
  const token = await invitations.create();
  const options = { discovery: hub.open() };
  const ask = async (who: { identity?: typeof ann; token?: string }) => {
    await using peer = await dial(server.id, { ...options, ...who });
    return await (await peer.fetch("/")).text();
  };
  for (const who of [{}, { identity: bob }]) {
    assertEquals((await assertRejects(() => ask(who), PeerError)).code, "denied");
    const opening = () => connect(server.id, { ...options, ...who });
    assertEquals((await assertRejects(opening, PeerError)).code, "denied");
  }
  assertEquals(await ask({ identity: ann, token }), ann.id);
  assertEquals(await ask({ identity: ann }), ann.id);
  assertEquals((await assertRejects(() => ask({ identity: bob, token }), PeerError)).code, "denied");
});

Deno.test("connect() refuses a token without an identity, and one of another peer, before it does anything", async () => {
  const [server, identity] = [generateIdentity(), generateIdentity()];
  const token = await new Invitations(server).create();
  await assertRejects(() => connect(server.id, { token }), TypeError, "needs the option identity");
  await assertRejects(() => connect(identity.id, { token, identity }), SyntaxError, "not an invitation of");
  await assertRejects(() => connect(server.id, { token: "", identity }), SyntaxError, "not an invitation of");
});
