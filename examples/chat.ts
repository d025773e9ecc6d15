// A chat for any number of people.
//
//   deno run -N -S=networkInterfaces --ignore-env chat.ts           opens a room, and prints its id
//   deno run -N -S=networkInterfaces --ignore-env chat.ts ID NAME   enters it; every line is a message
// deno-lint-ignore-file no-console -- what it prints is what it is for
import { connect, serve } from "@skip-public-ip/skip-public-ip";

const [id, name = "somebody"] = Deno.args;
if (id) await enter(id, name);
else await openRoom();

/** Whatever one says, everybody hears. */
async function openRoom() {
  const people = new Set<WebSocket>();
  await using server = await serve((request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    const tellAll = (text: string) =>
      people.forEach((one) => one.readyState === WebSocket.OPEN && one.send(text));
    socket.onopen = () => people.add(socket);
    socket.onmessage = ({ data }) => typeof data === "string" && tellAll(data.slice(0, 1000));
    socket.onclose = () => people.delete(socket);
    return response;
  });
  console.log(server.id);
  await server.finished;
}

async function enter(id: string, name: string) {
  const socket = await connect(id, { signal: AbortSignal.timeout(30_000) });
  socket.onmessage = ({ data }) => console.log(String(data).replace(/\p{Cc}/gu, "")); // nobody's text commands the terminal
  socket.onclose = () => Deno.exit();
  socket.send(`${name} is here`);
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    for (const line of text.split("\n")) if (line) socket.send(`${name}: ${line}`);
  }
  socket.close();
}
