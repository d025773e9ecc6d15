/**
 * `serve_invited.ts BOOTSTRAP MESSAGE`: serves to whoever has an invitation, sends MESSAGE to each, and prints its id and a
 * token. It ends with its input.
 *
 * @module
 */
import { generateIdentity, Invitations, serve } from "../../../mod.ts";

const [bootstrap, message] = Deno.args as [string, string];
const identity = generateIdentity();
const invitations = new Invitations(identity);
await using _server = await serve((request) => {
  if (request.headers.get("upgrade") !== "websocket") return new Response(message);
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onopen = () => socket.send(message);
  socket.onmessage = ({ data }) => socket.send(`${data} ${message}`);
  return response;
}, { identity, access: { invitations }, bootstrap: [bootstrap], stun: [], portMapping: false });
const token = await invitations.create();
const told = { id: identity.id, key: identity.publicKey.toHex(), token };
await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(told)}\n`));
await Deno.stdin.readable.pipeTo(new WritableStream());
