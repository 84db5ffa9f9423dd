import type { Labels } from '../../graph/index.ts';
import { shortHash } from '../name.ts';

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
  const byText = new Map(selectors.map((labels) => [JSON.stringify(labels), labels]));
  const taken = new Set<number>();
  return [...byText]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([text, labels]) => {
      let number = Number.parseInt(shortHash(text).slice(0, 8), 16) % TAGS;
      while (taken.has(number)) number = (number + 1) % TAGS;
      taken.add(number);
      return { labels, tag: number.toString(36).padStart(4, '0') };
    });
}
