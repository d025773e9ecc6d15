/** Proofs and tokens that somebody else has got hold of. */
import { assertEquals, assertRejects } from "@std/assert";
import {
  Credentials,
  Invitations,
  makeProof,
  openGuard,
  PROOF_HEADER,
  TOKEN_HEADER,
} from "../../lib/access/mod.ts";
import { PeerError } from "../../lib/errors.ts";
import { generateIdentity, type Identity, serverCertificate } from "../../lib/identity/mod.ts";
import { openClient } from "../../lib/tunnel/mod.ts";
import { tunnelPair } from "../tunnel/pair.ts";
import { SECRET } from "./_echo_server.ts";

const HOUR_MS = 3_600_000;
const ann = generateIdentity();
const serving = generateIdentity();

/** A serving peer that lets in `allowed`, and somebody who asks it for its secret with headers that he has from elsewhere. */
async function askWith(headers: Record<string, string>, allowed: readonly string[] = [ann.id]) {
  let asked = 0;
  await using guard = await openGuard({ allow: allowed });
  await using pair = await tunnelPair(() => (asked++, new Response(SECRET)), { identity: serving, guard });
  try {
    const answer = await (await pair.client.fetch("/", { headers })).text();
    return { answer, asked };
  } catch (error) {
    return { answer: (error as PeerError).code, asked };
  }
}

/** What a connecting peer shows to a serving peer that keeps it: its headers, taken from the wire inside TLS. */
async function headersShownTo(dishonest: Identity, token?: string): Promise<Headers> {
  const seen = Promise.withResolvers<Headers>();
  await using server = Deno.serve({
    ...{ hostname: "127.0.0.1", port: 0, onListen: () => {}, ...await serverCertificate(dishonest) },
  }, ({ headers }) => {
    seen.resolve(new Headers(headers)); // those of a request end with it
    return new Response("welcome");
  });
  await using client = openClient({
    ...{ id: dishonest.id, publicKey: dishonest.publicKey },
    openPath: () => Deno.connect({ hostname: "127.0.0.1", port: server.addr.port }),
    credentials: new Credentials({ identity: ann, audience: dishonest.id, token }),
  });
  await (await client.fetch("/")).text();
  return await seen.promise;
}

Deno.test("A proof that was recorded by one serving peer opens no other", async () => {
  const headers = await headersShownTo(generateIdentity());
  const proof = headers.get(PROOF_HEADER)!;
  assertEquals(await askWith({ [PROOF_HEADER]: proof }), { answer: "denied", asked: 0 });
});

Deno.test("A proof for this serving peer counts for a day and a half, and no longer", async () => {
  const ages: Record<string, string> = {};
  for (const hours of [-37, -24, 0, 24, 37]) {
    const proof = makeProof(ann, serving.id, Date.now() - hours * HOUR_MS);
    ages[hours] = (await askWith({ [PROOF_HEADER]: proof })).answer;
  }
  assertEquals(ages, { "-37": "denied", "-24": SECRET, "0": SECRET, "24": SECRET, "37": "denied" });
});

Deno.test("A proof of which one bit is another is nobody's", async () => {
  const proof = makeProof(ann, serving.id);
  const bytes = Uint8Array.fromBase64(proof, { alphabet: "base64url" });
  for (const at of [0, 1, 33, 41, 57, bytes.length - 1]) {
    const forged = bytes.slice();
    forged[at]! ^= 1;
    const text = forged.toBase64({ alphabet: "base64url", omitPadding: true });
    assertEquals(await askWith({ [PROOF_HEADER]: text }), { answer: "denied", asked: 0 }, `byte ${at}`);
  }
});

Deno.test("A token that was seen by another serving peer, or used already, lets nobody in", async () => {
  const invitations = new Invitations(serving);
  const token = await invitations.create();
  const headers = await headersShownTo(generateIdentity(), token);
  assertEquals(headers.get(TOKEN_HEADER), token); // so whoever gives it away gives it away
  await using guard = await openGuard({ invitations });
  let asked = 0;
  await using first = await tunnelPair(() => (asked++, new Response(SECRET)), {
    ...{ identity: serving, guard, as: ann, token },
  });
  assertEquals(await (await first.client.fetch("/")).text(), SECRET);
  await using thief = await tunnelPair(() => (asked++, new Response(SECRET)), {
    ...{ identity: serving, guard, as: generateIdentity(), token },
  });
  const error = await assertRejects(() => thief.client.fetch("/"), PeerError);
  assertEquals([error.code, asked], ["denied", 1]);
});

Deno.test("A connection on which one peer has proven itself never becomes another peer's", async () => {
  const bob = generateIdentity();
  await using guard = await openGuard({ allow: [ann.id, bob.id] });
  await using pair = await tunnelPair((_, { remoteId }) => new Response(remoteId), {
    ...{ identity: serving, guard, as: ann },
  });
  assertEquals(await (await pair.client.fetch("/")).text(), ann.id);
  // Native `fetch` keeps the connection, and our own client would not send this.
  const stream = await pair.client.openStream();
  const proof = makeProof(bob, serving.id);
  await stream.write(new TextEncoder().encode(`GET / HTTP/1.1\r\nhost: x\r\nskip-peer: ${proof}\r\n\r\n`));
  const answer = new Uint8Array(4096);
  const length = await stream.read(answer);
  const status = new TextDecoder().decode(answer.subarray(0, length!)).slice(0, 12);
  assertEquals(status, "HTTP/1.1 403");
  stream.close();
});
