/**
 * As much of XML as routers' answers need: the texts of elements by their local names. Takes time in proportion to the
 * text's length, whatever it holds.
 *
 * @module
 */

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&amp;": "&",
};

/** What is between the tags of each element of that name, in order; an element within one of the same name is not looked for. */
export function contentsOf(text: string, name: string): string[] {
  const opening = new RegExp(`<(?:[\\w.-]+:)?${name}(?:\\s[^<>]*)?>`, "g");
  const closing = new RegExp(`</(?:[\\w.-]+:)?${name}\\s*>`, "g");
  const found: string[] = [];
  while (opening.exec(text)) {
    closing.lastIndex = opening.lastIndex;
    const end = closing.exec(text);
    if (!end) break;
    found.push(text.slice(opening.lastIndex, end.index));
    opening.lastIndex = closing.lastIndex;
  }
  return found;
}

/** The text of the first element of that name. */
export function textOf(text: string, name: string): string | undefined {
  const [content] = contentsOf(text, name);
  return content?.trim().replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity]!);
}
