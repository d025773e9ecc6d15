// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Takes down what running programs really say, for the fuzzing to begin with: `deno run -A tests/fuzz/capture.ts [NAME…]`
 * (Linux, root; coturn, curl, openssl and miniupnpd). It writes `tests/fuzz/corpus/NAME.json`, each a list of messages in
 * hexadecimal or as text.
 *
 * @module
 */
import { captureKeys } from "./_capture_keys.ts";
import { captureKrpc } from "./_capture_krpc.ts";
import { captureProxy } from "./_capture_proxy.ts";
import { captureRouter } from "./_capture_router.ts";
import { captureStun } from "./_capture_stun.ts";
import { captureTls } from "./_capture_tls.ts";

const SOURCES: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  keys: captureKeys,
  krpc: captureKrpc,
  proxy: captureProxy,
  router: captureRouter,
  stun: captureStun,
  tls: captureTls,
};

const wanted = Deno.args.length > 0 ? Deno.args : Object.keys(SOURCES);
for (const name of wanted) {
  const source = Object.hasOwn(SOURCES, name) ? SOURCES[name] : undefined;
  if (!source) {
    console.error(`There is no source "${name}": choose from ${Object.keys(SOURCES).join(", ")}`);
    Deno.exit(2);
  }
  const messages = [...new Set(await source())];
  const file = new URL(`corpus/${name}.json`, import.meta.url);
  await Deno.writeTextFile(file, `${JSON.stringify(messages, null, 2)}\n`);
  console.log(`${name}: ${messages.length} messages`);
}
Deno.exit(); // a node of the library has sockets that nobody closes
