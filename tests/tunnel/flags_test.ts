import { assertEquals } from "@std/assert";
import { runFlags } from "../../tools/run_flags.ts";

const PROGRAM = `
import { openClient, serveTunnel } from "${new URL("../../lib/tunnel/mod.ts", import.meta.url)}";
import { generateIdentity } from "${new URL("../../lib/identity/mod.ts", import.meta.url)}";
const identity = generateIdentity();
await using server = await serveTunnel((request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}, { identity });
await using client = openClient({
  id: identity.id,
  publicKey: identity.publicKey,
  openPath: async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const [near, far] = await Promise.all([Deno.connect({ ...listener.addr, transport: "tcp" }), listener.accept()]);
    void server.accept(far);
    return near;
  },
});
const socket = await client.webSocket();
const answer = new Promise((resolve) => socket.onmessage = resolve);
socket.send("no flags " + (Deno.listenDatagram === undefined));
console.log((await answer).data);
`;

Deno.test("The tunnel needs no unstable flag, and no permission but net", async () => {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, PROGRAM);
    // The map of imports, without the configuration that turns unstable features on.
    const flags = (await runFlags()).filter((flag) => !flag.startsWith("--config"));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", ...flags, ...importMap(flags), "--no-check", "--allow-net", path],
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assertEquals([code, text(stdout), text(stderr)], [0, "no flags true\n", ""]);
  } finally {
    await Deno.remove(path);
  }
});

/** deno.json is an import map too. */
function importMap(flags: readonly string[]): string[] {
  if (flags.some((flag) => flag.startsWith("--import-map"))) return [];
  return [`--import-map=${new URL("../../deno.json", import.meta.url).pathname}`];
}
