// A program without anything around it: no configuration, no install, its one import comes from JSR.
//
//   deno run -N -S=networkInterfaces --ignore-env jsr.ts        tells the time to whoever asks, and prints the id
//   deno run -N -S=networkInterfaces --ignore-env jsr.ts ID     asks
// deno-lint-ignore-file no-console no-import-prefix no-unversioned-import -- that is what it is for
import { dial, serve } from "jsr:@skip-public-ip/skip-public-ip";

const [id] = Deno.args;
if (id) {
  await using peer = await dial(id, { signal: AbortSignal.timeout(30_000) });
  console.log(await (await peer.fetch("/")).text());
} else {
  await using server = await serve(() => new Response(`It is ${new Date().toISOString()} here.`));
  console.log(server.id);
  await server.finished;
}
