/** Attempts to have two peers say less safely what they have to say, or say it to somebody else. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat, utf8 } from "../../lib/bytes.ts";
import {
  decodeStun,
  encodeStun,
  encodeXorAddress,
  StunAttribute,
  StunType,
} from "../../lib/candidates/mod.ts";
import { checkPath } from "../../lib/check/mod.ts";
import { PeerError } from "../../lib/errors.ts";
import { writeAll } from "../../lib/punch/mod.ts";
import { connect } from "../../mod.ts";
import { identityFile } from "./_identity_file.ts";
import { forwardTo, Middle, misled, nextPiece, type Role } from "./_middle.ts";
import { Stranger } from "./_strangers.ts";
import { startTarget, visit } from "./_target.ts";

/** RFC 8446 sections 5.1, 6, and 4.2.1. */
const TLS = { alert: 21, handshake: 22, supportedVersions: 43 } as const;

/** A ClientHello of TLS 1.1 or older, with ciphers that were usual then. */
function oldHello(minor: 0 | 1 | 2): Uint8Array {
  const body = concat(
    Uint8Array.of(3, minor),
    crypto.getRandomValues(new Uint8Array(32)),
    Uint8Array.of(0, 0, 8, 0xc0, 0x13, 0xc0, 0x14, 0x00, 0x2f, 0x00, 0x35, 1, 0),
  );
  const handshake = concat(Uint8Array.of(1, 0, 0, body.length), body);
  return concat(Uint8Array.of(TLS.handshake, 3, 1, 0, handshake.length), handshake);
}

Deno.test("Old versions of TLS get an alert, and neither a certificate nor an answer", async () => {
  await using file = await identityFile();
  await using target = await startTarget({ identity: file.path });
  for (const minor of [0, 1, 2] as const) {
    const client = new Stranger(target.port);
    await client.open;
    await checkPath(client, file.identity.publicKey);
    client.say(oldHello(minor));
    await client.closed;
    const [type, , , , length] = client.received;
    assertEquals([type, length, client.received.length], [TLS.alert, 2, 7], `TLS 1.${minor - 1}`);
  }
  assertEquals(await target.asked(0), []);
});

Deno.test("Who takes TLS 1.3 out of the offer on the way gets no connection", async () => {
  await using file = await identityFile();
  await using target = await startTarget({ identity: file.path });
  let stripped = 0;
  const withoutVersions = (piece: Uint8Array<ArrayBuffer>) => {
    if (piece[0] !== TLS.handshake) return piece;
    const at = piece.findIndex((_, i) =>
      piece[i] === 0 && piece[i + 1] === TLS.supportedVersions && piece[i + 2] === 0 && piece[i + 3]! < 16
    );
    stripped++;
    return at < 0 ? piece : concat(piece.subarray(0, at), Uint8Array.of(0xfa, 0xfa), piece.subarray(at + 2));
  };
  await using middle = new Middle(forwardTo(target.port, withoutVersions));
  await using way = await misled(file.identity, middle.port);
  const error = await assertRejects(() => connect(target.id, way.options), PeerError);
  assert(stripped > 0);
  assertEquals([error.code, await target.asked(0)], ["tunnel-failed", []]);
});

Deno.test("Plain HTTP, and whatever else is no check, gets not one byte", async () => {
  await using target = await startTarget();
  const openings = [
    "GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "SSH-2.0-OpenSSH_9.9\r\n",
    "\x05\x01\x00                     ",
    "\x13BitTorrent protocol\0\0\0\0\0\0\0\0",
  ];
  for (const opening of openings) {
    const stranger = new Stranger(target.port);
    await stranger.open;
    stranger.say(utf8(opening));
    await stranger.closed;
    assertEquals(stranger.received.length, 0, opening);
  }
  await visit(target);
  assertEquals(await target.asked(1), ["/"]);
});

/** Answers a check with the right address and no signature, and then speaks plain HTTP or a TLS of its own. */
const unsigned: Role = async (connecting, recording) => {
  const request = (await nextPiece(connecting))!;
  recording.fromConnecting.push(request);
  const { transactionId } = decodeStun(request)!;
  const address = encodeXorAddress(connecting.remoteAddr as Deno.NetAddr, transactionId);
  const attributes = new Map([[StunAttribute.xorMappedAddress, address]]);
  await writeAll(connecting, encodeStun({ type: StunType.success, transactionId, attributes }));
  await writeAll(connecting, utf8("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
  for (let piece; (piece = await nextPiece(connecting)) !== null;) recording.fromConnecting.push(piece);
};

Deno.test("Who answers a check without the signature is refused before the connecting peer says anything", async () => {
  await using file = await identityFile();
  await using impostor = new Middle(unsigned);
  await using way = await misled(file.identity, impostor.port);
  const [refused, over] = [Promise.withResolvers<string>(), new AbortController()];
  const attempt = connect(file.identity.id, {
    ...way.options,
    signal: over.signal,
    onProgress: (event) => event.type === "refused" && refused.resolve(event.reason),
  });
  assertEquals(await refused.promise, "Error: its answer has no address or no proof");
  over.abort(new Error("enough"));
  await assertRejects(() => attempt, Error, "enough");
  const requests = impostor.recordings.flatMap(({ fromConnecting }) => fromConnecting);
  assert(requests.length > 0);
  for (const request of requests) assertEquals(decodeStun(request)?.type, StunType.request);
});
