/** Somebody who has recorded all that two peers said, and then sits at the serving peer's address. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat, utf8 } from "../../lib/bytes.ts";
import { PeerError } from "../../lib/errors.ts";
import { writeAll } from "../../lib/punch/mod.ts";
import { connect } from "../../mod.ts";
import { SECRET } from "./_echo_server.ts";
import { identityFile } from "./_identity_file.ts";
import { forwardTo, Middle, misled, nextPiece, type Recording, type Role } from "./_middle.ts";
import { startTarget, visit } from "./_target.ts";

/** First byte of a TLS record (RFC 8446 section 5.1). */
const TLS_HANDSHAKE = 22;
const MESSAGE = "hello"; // what `visit` says

/** Everything that one side said. */
function all(pieces: readonly Uint8Array<ArrayBuffer>[]): string {
  return new TextDecoder("latin1").decode(concat(...pieces));
}

/** Answers each piece of the connecting peer with what the serving peer said to its like. */
function replay(old: Recording): Role {
  return async (connecting, recording) => {
    for (const answer of old.fromServing) {
      const piece = await nextPiece(connecting);
      if (piece === null) return;
      recording.fromConnecting.push(piece);
      await writeAll(connecting, answer);
    }
    while (await nextPiece(connecting) !== null);
  };
}

/** Has the serving peer itself answer the check, and plays the recording from TLS on. */
function relayCheckThenReplay(old: Recording, port: number): Role {
  return async (connecting, recording) => {
    using serving = await Deno.connect({ hostname: "127.0.0.1", port });
    await writeAll(serving, (await nextPiece(connecting))!);
    await writeAll(connecting, (await nextPiece(serving))!);
    await replay({ ...old, fromServing: old.fromServing.slice(1) })(connecting, recording);
  };
}

Deno.test("Who sits on the way and forwards everything reads nothing, and who has recorded it can be nobody", async () => {
  await using file = await identityFile();
  await using target = await startTarget({ identity: file.path });
  await using relay = new Middle(forwardTo(target.port));
  await using way = await misled(file.identity, relay.port);
  await visit(target, way.options);
  const [old] = relay.recordings as [Recording];
  assertEquals(old.fromServing.length > 2 && concat(...old.fromServing).includes(TLS_HANDSHAKE), true);
  for (const said of [all(old.fromConnecting), all(old.fromServing)]) {
    for (const text of [MESSAGE, SECRET, "HTTP/1.1", target.id]) assert(!said.includes(text), text);
  }

  const roles = [replay(old), relayCheckThenReplay(old, target.port)];
  const codes = await Promise.all(roles.map(async (role) => {
    await using impostor = new Middle(role);
    await using wrongWay = await misled(file.identity, impostor.port);
    const error = await assertRejects(() => connect(file.identity.id, wrongWay.options), PeerError);
    for (const { fromConnecting } of impostor.recordings) assertSaysNothing(fromConnecting);
    return error.code;
  }));
  assertEquals(codes, ["not-proven", "not-proven"]);
  assertEquals(await target.asked(1), ["/"]);
});

/** A check, the beginning of TLS, an alert: nothing that was meant for the peer. */
function assertSaysNothing(pieces: readonly Uint8Array<ArrayBuffer>[]) {
  const said = concat(...pieces);
  assert(said.length < 4096, `${said.length} bytes`);
  for (const text of ["GET ", "upgrade", "skip-peer"]) {
    assert(!all(pieces).includes(text), text);
    assert(!said.toHex().includes(utf8(text).toHex()), text);
  }
}
