import { assertGreater, assertRejects } from "@std/assert";
import { measureDownload, measureUpload } from "../../cli/_speed.ts";
import { SpeedTest } from "../../lib/tunnel/_speed.ts";

const NEVER = new AbortController().signal;

/** A peer in this process. */
function peer(status?: number) {
  const speed = new SpeedTest();
  return {
    fetch: (input: string, init?: RequestInit) =>
      status === undefined
        ? speed.answer(new Request(`https://id.skip.alt${input}`, init))
        : Promise.resolve(new Response(null, { status })),
  };
}

Deno.test("measureDownload() and measureUpload() count what passes in a time", async () => {
  assertGreater(await measureDownload(peer(), 20, NEVER), 0);
  assertGreater(await measureUpload(peer(), 20, NEVER), 0);
});

Deno.test("measureDownload() and measureUpload() say that the peer does not take part", async () => {
  await assertRejects(() => measureDownload(peer(503), 20, NEVER), Error, "status 503");
  await assertRejects(() => measureUpload(peer(404), 20, NEVER), Error, "status 404");
});
