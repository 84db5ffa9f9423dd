import type { LabelMatch } from './label-match.ts';
import { shortHash } from '../name.ts';

/** Three hex digits for each of several matches, by content and not by position, all different; empty for a sole one. */
export function suffixes(matches: readonly LabelMatch[]): readonly string[] {
  if (matches.length < 2) return matches.map(() => '');
  const texts = matches.map((match) => JSON.stringify(match));
  for (let salt = 0; ; salt++) {
    const tags = texts.map((text) => shortHash(`${salt} ${text}`).slice(0, 3));
    if (new Set(tags).size === tags.length) return tags;
  }
}
