/** A line may be this long; a longer one is cut into several, so that input without an end fits in memory. */
const MAX_LINE = 1024 * 1024;

/** The lines of a stream of UTF-8 bytes, without their ends (`\n` or `\r\n`); the last one needs none. */
export async function* lines(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
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
