/** A line may be this long; a longer one is cut into several, so that input without an end fits in memory. */
const MAX_LINE = 1024 * 1024;

/**
 * The lines of a stream of UTF-8 bytes, without their ends (`\n` or `\r\n`); the last one needs none. A byte order mark at the
 * beginning, as PowerShell writes it, is left out.
 */
export async function* lines(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  // Deno 2.9 would leave out one at the beginning of every chunk.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = "";
  let isFirst = true;
  for await (const chunk of bytes) {
    const text = decoder.decode(chunk, { stream: true });
    const parts = (rest + (isFirst ? text.replace(/^\ufeff/, "") : text)).split("\n");
    if (text !== "") isFirst = false;
    rest = parts.pop()!;
    for (const part of parts) yield part.replace(/\r$/, "");
    while (rest.length > MAX_LINE) {
      yield rest.slice(0, MAX_LINE);
      rest = rest.slice(MAX_LINE);
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
