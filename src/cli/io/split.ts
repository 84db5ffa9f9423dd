/** One document of a stream: the half-open range of the text that holds it, directives and comments before it included. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

/**
 * Splits a YAML stream where the YAML specification ends a document: a line that begins with `---` or `...`, followed
 * by white space or nothing, even inside block and quoted scalars. Comments and directives before the first
 * `---`, and after a `...`, belong to the document that follows. Slices cover the text without gaps.
 */
export function splitDocuments(text: string): Slice[] {
  const slices: Slice[] = [];
  const marker = /(?:^|[\r\n])(---|\.\.\.)(?=[ \t\r\n]|$)/g;
  let start = 0;
  let pending = true;
  for (let match = marker.exec(text); match; match = marker.exec(text)) {
    const at = match.index + match[0].length - 3;
    if (match[1] === '...') {
      const end = endOfLine(text, at);
      slices.push({ start, end });
      start = end;
      pending = true;
    } else if (!(pending && isPrologue(text, start, at))) {
      slices.push({ start, end: at });
      start = at;
      pending = false;
    } else {
      pending = false;
    }
  }
  if (start < text.length) slices.push({ start, end: text.length });
  return slices;
}

function endOfLine(text: string, at: number): number {
  for (let index = at; index < text.length; index++) {
    if (text[index] === '\n') return index + 1;
    if (text[index] === '\r') return text[index + 1] === '\n' ? index + 2 : index + 1;
  }
  return text.length;
}

/** Whether a range holds nothing but blank lines, comments and directives. */
function isPrologue(text: string, start: number, end: number): boolean {
  return text
    .slice(start, end)
    .split(/[\r\n]/)
    .every((line) => /^\uFEFF?(?:[ \t]*(?:#.*)?|%.*)$/su.test(line));
}
