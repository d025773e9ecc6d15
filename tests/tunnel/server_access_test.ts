/** Who a serving peer lets in, and what its handler learns of them. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Invitations, makeProof, openGuard } from "../../lib/access/mod.ts";
import { PeerError } from "../../lib/errors.ts";
import { generateIdentity, peerHostname, trustAnchor } from "../../lib/identity/mod.ts";
import { writeAll } from "../../lib/punch/mod.ts";
import type { ServeHandler, ServingTunnel } from "../../lib/tunnel/mod.ts";
import { connPair } from "../_streams.ts";
import { closeSocket, nextEvent, tunnelPair } from "./pair.ts";

const hello = () => new Response("hello");
const identity = generateIdentity();

/** Answers with the asking peer's id, and with whatever it should not see. */
const whoAmI: ServeHandler = (request, { remoteId }) => {
  const seen = [...request.headers.keys()].filter((name) => name.startsWith("skip-"));
  return Response.json([remoteId ?? null, ...seen]);
};

Deno.test("serveTunnel() tells the handler the id that the peer has proven, and shows it no proof", async () => {
  const ann = generateIdentity();
  await using pair = await tunnelPair((request, info) => {
    if (request.headers.get("upgrade") !== "websocket") return whoAmI(request, info);
    const { socket, response } = Deno.upgradeWebSocket(request);
    const said = JSON.stringify([info.remoteId, ...request.headers.keys()]);
    socket.onopen = () => socket.send(said);
    return response;
  }, { as: ann, identity });
  for (const init of [{}, { method: "POST", body: "x" }]) {
    assertEquals(await (await pair.client.fetch("/", init)).json(), [ann.id]);
  }
  const socket = await pair.client.webSocket();
  const [id, ...names] = JSON.parse((await nextEvent<MessageEvent>(socket, "message")).data);
  assertEquals([id, names.filter((name: string) => name.startsWith("skip-"))], [ann.id, []]);
  await closeSocket(socket);
});

Deno.test("serveTunnel() knows nothing of a peer that shows nothing", async () => {
  await using pair = await tunnelPair(whoAmI);
  assertEquals(await (await pair.client.fetch("/")).json(), [null]);
});

Deno.test("serveTunnel() denies in the same words, whatever the reason", async () => {
  const [ann, bob] = [generateIdentity(), generateIdentity()];
  const invitations = new Invitations(identity);
  await using guard = await openGuard({ allow: [ann.id], invitations });
  const used = await invitations.create();
  await invitations.redeem(used, generateIdentity().id);
  const revoked = await invitations.create();
  await invitations.revoke(revoked);
  const proof = makeProof(bob, identity.id);
  const reasons: Record<string, Record<string, string>> = {
    "nothing shown": {},
    "not on the list": { "skip-peer": proof },
    "garbage": { "skip-peer": "x".repeat(10_000), "skip-token": "x".repeat(10_000) },
    "for another peer": { "skip-peer": makeProof(ann, bob.id) },
    "used by another": { "skip-peer": proof, "skip-token": used },
    "revoked": { "skip-peer": proof, "skip-token": revoked },
    "no such path": { "skip-peer": proof },
  };
  let asked = 0;
  await using pair = await tunnelPair(() => (asked++, hello()), { identity, guard });
  const answers = await Promise.all(
    Object.entries(reasons).map(async ([reason, headers]) => {
      await using raw = await rawClient(pair.server);
      const path = reason === "no such path" ? "/.well-known/skip/x" : "/";
      return (await raw.ask(path, headers)).replace(/date: .+\r\n/, "");
    }),
  );
  assertEquals(new Set(answers).size, 1, answers.join("\n"));
  assertEquals([answers[0]!.startsWith("HTTP/1.1 403 Forbidden\r\n"), asked], [true, 0]);
});

Deno.test("serveTunnel() denies an endless header without choking on it", async () => {
  await using pair = await tunnelPair(hello, { identity });
  await using raw = await rawClient(pair.server);
  assertMatch(await raw.ask("/", { "skip-peer": "x".repeat(100_000) }), /^HTTP\/1\.1 4\d\d /);
  assertEquals(await (await pair.client.fetch("/")).text(), "hello");
});

Deno.test("serveTunnel() shows out who was let in by an invitation that is taken back", async () => {
  const [ann, bob] = [generateIdentity(), generateIdentity()];
  const invitations = new Invitations(identity);
  await using guard = await openGuard({ allow: [bob.id], invitations, lookIntervalMs: 5 });
  const serving = (request: Request) =>
    request.headers.has("upgrade") ? Deno.upgradeWebSocket(request).response : hello();
  await using invited = await tunnelPair(serving, {
    ...{ identity, guard, as: ann },
    token: await invitations.create(),
  });
  await using listed = await tunnelPair(serving, { identity, guard, as: bob });
  assertEquals(await (await invited.client.fetch("/")).text(), "hello");
  const [socket, other] = await Promise.all([invited.client.webSocket(), listed.client.webSocket()]);
  const closed = nextEvent<CloseEvent>(socket, "close");
  await invitations.revoke("all");
  await closed;
  for (const open of [() => invited.client.fetch("/"), () => invited.client.webSocket()]) {
    assertEquals((await assertRejects(open, PeerError)).code, "denied");
  }
  assertEquals(other.readyState, WebSocket.OPEN);
  await closeSocket(other);
});

Deno.test("serveTunnel() answers what is reserved itself, and only to whom it lets in", async () => {
  const ann = generateIdentity();
  await using guard = await openGuard({ allow: [ann.id] });
  let asked = 0;
  const handler = () => (asked++, hello());
  await using inside = await tunnelPair(handler, { identity, guard, as: ann });
  const statuses = [];
  for (const path of ["/.well-known/skip/hello", "/.well-known/skip/x"]) {
    const response = await inside.client.fetch(path);
    statuses.push(response.status);
    await response.body?.cancel();
  }
  await using outside = await tunnelPair(handler, { identity, guard });
  const error = await assertRejects(() => outside.client.fetch("/.well-known/skip/hello"), PeerError);
  assertEquals([statuses, error.code, asked], [[204, 404], "denied", 0]);
});

/** A program that writes HTTP/1.1 itself. */
async function rawClient(server: ServingTunnel) {
  const [near, far] = await connPair();
  void server.accept(far);
  const caCerts = [await trustAnchor(identity.publicKey)];
  const tls = await Deno.startTls(near, { hostname: peerHostname(identity.id), caCerts });
  return {
    /** The whole answer, once the connection is closed. */
    async ask(path: string, headers: Record<string, string>): Promise<string> {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
      const head = `GET ${path} HTTP/1.1\r\nhost: x\r\n${lines}\r\n`;
      await writeAll(tls, new TextEncoder().encode(head)).catch(() => {}); // it may have heard enough
      const answer: Uint8Array[] = [];
      const buffer = new Uint8Array(65536);
      for (let n; (n = await tls.read(buffer).catch(() => null)) !== null;) answer.push(buffer.slice(0, n));
      return await new Blob(answer as BlobPart[]).text();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(tls.close()),
  };
}
