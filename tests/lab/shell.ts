/** Runs a `sh -e` script to its end; throws an `Error` with what it said on stderr when it fails. */
export async function runScript(action: string, script: string): Promise<void> {
  await using child = new Deno.Command("sh", {
    args: ["-e"],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  })
    .spawn();
  const [{ code, stderr }] = await Promise.all([child.output(), feed(child.stdin, script)]);
  if (code !== 0) {
    throw new Error(`Cannot ${action}: exit code ${code}: ${new TextDecoder().decode(stderr).trim()}`);
  }
}

async function feed(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // A script that fails early closes its input; its exit code says so.
  }
}
