/**
 * A text with what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->` replaced. Throws `RangeError` where there
 * is no such section.
 */
export function writeSection(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) {
    throw new RangeError(`Cannot write the section: there is no "${begin}" … "${end}"`);
  }
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}
