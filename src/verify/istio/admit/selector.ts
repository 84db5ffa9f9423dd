// Fields that AuthorizationPolicy and PeerAuthentication share, as their schemas have them.
import { map, record, text } from './decode.ts';

const WITHOUT_WILDCARD = (value: string) => (value.includes('*') ? 'wildcard not allowed in label match' : undefined);

export const selector = record({
  matchLabels: map(text({ max: 63, rule: WITHOUT_WILDCARD }), {
    max: 4096,
    key: (key) => (key === '' ? 'key must not be empty' : WITHOUT_WILDCARD(key)),
  }),
});

export interface Selector {
  /** Undefined and empty differ: `selector: {}` attaches to nothing, an empty `matchLabels` to all (Z2). */
  readonly matchLabels?: ReadonlyMap<string, string>;
}

/** True when `labels` has every pair of the selector; no pairs match everything. */
export function selects(
  wanted: ReadonlyMap<string, string> | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  for (const [key, value] of wanted ?? []) {
    if (!Object.hasOwn(labels, key) || labels[key] !== value) return false;
  }
  return true;
}
