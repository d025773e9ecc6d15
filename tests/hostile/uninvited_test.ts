/** Somebody who knows the id, and is not let in. */
import { assert, assertEquals } from "@std/assert";
import { makeProof, PROOF_HEADER, TOKEN_HEADER } from "../../lib/access/mod.ts";
import { generateIdentity } from "../../lib/identity/mod.ts";
import { openTls, upgradeRequest } from "./_attacks.ts";
import { SECRET } from "./_echo_server.ts";
import { startTarget, visit } from "./_target.ts";

/** All that comes until the other side closes. */
async function hearAll(tls: Deno.TlsConn): Promise<string> {
  let heard = "";
  const buffer = new Uint8Array(4096);
  for (let n; (n = await tls.read(buffer).catch(() => null)) !== null;) {
    heard += new TextDecoder().decode(buffer.subarray(0, n));
  }
  tls.close();
  return heard;
}

Deno.test("Who knows the id and is not let in gets not one byte of the handler's, whatever he asks", async () => {
  const [ann, bob] = [generateIdentity(), generateIdentity()];
  await using target = await startTarget({ allow: [ann.id] });
  const attempts: Record<string, string>[] = [
    {},
    { [PROOF_HEADER]: "x" },
    { [PROOF_HEADER]: makeProof(bob, target.id) },
    { [PROOF_HEADER]: makeProof(ann, bob.id) },
    { [PROOF_HEADER]: makeProof(bob, target.id), [TOKEN_HEADER]: "x" },
  ];
  const requests = attempts.flatMap((headers) => [{ ...headers, upgrade: "none" }, headers]);
  await Promise.all(requests.map(async (headers) => {
    const tls = await openTls(target);
    // Two at once: the answer to the first must not leave a door open for the second.
    await tls.write(upgradeRequest(headers));
    await tls.write(upgradeRequest(headers)).catch(() => {}); // shown out already
    const heard = await hearAll(tls);
    assert(heard.startsWith("HTTP/1.1 403 Forbidden\r\n"), heard);
    assert(!heard.includes(SECRET) && !heard.includes("HTTP/1.1 101"), heard);
  }));
  assertEquals(await target.asked(0), []);
  await visit(target, { identity: ann });
  assertEquals(await target.asked(1), ["/"]);
});
