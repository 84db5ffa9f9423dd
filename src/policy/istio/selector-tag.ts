import type { Labels } from '../../graph/index.ts';

/** One alternative of a service's selector and what its objects are named by. */
export interface TaggedSelector {
  readonly labels: Labels;
  /** Four characters. */
  readonly tag: string;
}

const TAGS = 36 ** 4;

/**
 * Names each alternative by what it selects, never by its place: while a change of labels rolls out, the policy of the
 * old pods must not become the policy of the new ones, because pods without an ALLOW policy are open (I1).
 */
export function tagged(selectors: readonly Labels[]): readonly TaggedSelector[] {
  const [only] = selectors;
  if (only && selectors.length === 1) return [{ labels: only, tag: spell(numberOf(JSON.stringify(only))) }];
  const byText = new Map(selectors.map((labels) => [JSON.stringify(labels), labels]));
  const taken = new Set<number>();
  return [...byText]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([text, labels]) => {
      let number = numberOf(text);
      while (taken.has(number)) number = (number + 1) % TAGS;
      taken.add(number);
      return { labels, tag: spell(number) };
    });
}

/** FNV-1a: it tells a few siblings apart whose owner's name already has 64 bits of a real hash. */
function numberOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % TAGS;
}

function spell(number: number): string {
  return number.toString(36).padStart(4, '0');
}
