/**
 * `visit_invited.ts ID TOKEN BOOTSTRAP MESSAGE`: shows who it is and the token, says MESSAGE in every way that there is, and prints
 * its id, and what it heard.
 *
 * @module
 */
import { dial, generateIdentity } from "../../../mod.ts";

const [id, token, bootstrap, message] = Deno.args as [string, string, string, string];
const identity = generateIdentity();
const peer = await dial(id, { identity, token, bootstrap: [bootstrap], stun: [], portMapping: false });
const socket = await peer.webSocket("/");
const heard: string[] = [];
await new Promise<void>((resolve) => {
  socket.onmessage = ({ data }) => {
    heard.push(data);
    if (heard.length === 2) resolve();
  };
  socket.send(message);
});
heard.push(await (await peer.fetch("/", { method: "POST", body: message })).text());
const stream = await peer.openStream();
await stream.write(new TextEncoder().encode(`GET /${message} HTTP/1.1\r\nhost: x\r\n\r\n`));
const buffer = new Uint8Array(4096);
heard.push(new TextDecoder().decode(buffer.subarray(0, (await stream.read(buffer))!)).split("\r\n\r\n")[1]!);
stream.close();
await peer.ping();
await peer.close();
const told = { id: identity.id, key: identity.publicKey.toHex(), heard };
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(told)));
