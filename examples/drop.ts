// A place where others drop files.
//
//   deno run -N -S=networkInterfaces --ignore-env -R -W drop.ts FOLDER    takes files into a folder, and prints the id
//   deno run -N -S=networkInterfaces --ignore-env -R -W drop.ts ID FILE   sends one
// deno-lint-ignore-file no-console -- what it prints is what it is for
import { dial, serve } from "@skip-public-ip/skip-public-ip";

const MAX_BYTES = 10 * 2 ** 30;

const [where, file] = Deno.args;
if (!where) console.log("Usage: drop.ts FOLDER, or drop.ts ID FILE");
else if (file) await send(where, file);
else await takeInto(where);

async function takeInto(folder: string) {
  await Deno.mkdir(folder, { recursive: true });
  await using server = await serve(async (request) => {
    const name = nameIn(request.url);
    if (request.method !== "PUT" || !name || !request.body) {
      return new Response("PUT /name\n", { status: 400 });
    }
    // A name that is taken stays what it is, and a file has its name only once it is whole.
    const part = `${folder}/.${crypto.randomUUID()}.part`;
    try {
      using target = await Deno.open(part, { write: true, createNew: true });
      await request.body.pipeThrough(atMost(MAX_BYTES)).pipeTo(target.writable);
      await Deno.link(part, `${folder}/${name}`);
    } catch (error) {
      const taken = error instanceof Deno.errors.AlreadyExists;
      return new Response(taken ? "There is such a file already.\n" : "It did not arrive whole.\n", {
        status: 409,
      });
    } finally {
      await Deno.remove(part).catch(() => {});
    }
    console.log(`${name} is here`);
    return new Response("Thank you.\n", { status: 201 });
  });
  console.log(server.id);
  await server.finished;
}

/** The path, if it is a plain name: nothing leads out of the folder, is hidden, or commands the terminal. */
function nameIn(url: string): string | undefined {
  try {
    const name = decodeURIComponent(new URL(url).pathname.slice(1));
    return /^[^/\\.\p{Cc}][^/\\\p{Cc}]{0,199}$/u.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

function atMost(bytes: number) {
  let rest = bytes;
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      rest -= chunk.length;
      if (rest < 0) throw new RangeError("Cannot take the file: it is too long");
      controller.enqueue(chunk);
    },
  });
}

async function send(id: string, path: string) {
  const name = path.split(/[/\\]/).at(-1)!;
  await using peer = await dial(id, { signal: AbortSignal.timeout(30_000) });
  using source = await Deno.open(path);
  const response = await peer.fetch(`/${encodeURIComponent(name)}`, { method: "PUT", body: source.readable });
  console.log((await response.text()).trim());
  Deno.exitCode = response.ok ? 0 : 1;
}
