// Peer and subject selectors, compiled once and answered from a cache per identity.
import { covers, type Prefix, type SelectorExpression, satisfies } from '../kubernetes/index.ts';
import type { NamePattern } from './fqdn.ts';
import { type Identity, lookup } from './identity.ts';
import { type LabelKey, parseSelectorKey } from './label.ts';

/** Whether a selector selects an identity; `unknown` where it depends on objects that were not given. */
export type Match = 'yes' | 'no' | 'unknown';

const CODES: readonly Match[] = ['no', 'yes', 'unknown'];

/** A compiled selector. Equal text means equal meaning, but for `lists`. */
export interface Selector {
  readonly text: string;
  readonly selects: (identity: Identity) => Match;
  /** Labels with these exact values are required: what an index may file the selector under. */
  readonly required: readonly { readonly key: LabelKey; readonly value: string }[];
  readonly selectsAll: boolean;
  /** Set where the engine takes the selector for every peer and yet lists addresses alone; see wildcard-key.ts. */
  readonly lists?: 'addresses';
}

/** A label selector whose keys carry their source (`k8s:app`, `any:app`, `reserved:host`). */
export interface LabelRequirements {
  readonly labels: readonly (readonly [string, string])[];
  readonly expressions: readonly SelectorExpression[];
}

/** All requirements must hold; none means every identity. */
export function labelSelector(requirements: LabelRequirements): Selector {
  const required = requirements.labels.map(([key, value]) => ({ key: parseSelectorKey(key), value }));
  const expressions = requirements.expressions.map((expression) => ({
    key: parseSelectorKey(expression.key),
    expression,
  }));
  const selects = (identity: Identity): boolean =>
    required.every(({ key, value }) => lookup(identity, key)?.value === value) &&
    expressions.every(({ key, expression }) => satisfies(expression, lookup(identity, key)?.value));
  return {
    text: `labels:${JSON.stringify([requirements.labels.toSorted(byKey), requirements.expressions])}`,
    selects: cached((identity) => (selects(identity) ? 'yes' : 'no')),
    required,
    selectsAll: required.length === 0 && expressions.length === 0,
  };
}

/** Addresses in `block` but in no exception; only ever identities of the world (C14). */
export function cidrSelector(text: string, block: Prefix, exceptions: readonly Prefix[]): Selector {
  return plain(`cidr:${text}`, (identity) =>
    isWithin(identity, block) && !exceptions.some((except) => isWithin(identity, except)) ? 'yes' : 'no',
  );
}

/** All addresses but those in an exception. */
export function anyAddressSelector(suffix: string, exceptions: readonly Prefix[]): Selector {
  return plain(`addresses${suffix}`, (identity) =>
    identity.isWorld && !exceptions.some((except) => isWithin(identity, except)) ? 'yes' : 'no',
  );
}

/** Addresses that a matching name resolved to. */
export function nameSelector(pattern: NamePattern): Selector {
  return plain(`fqdn:${pattern.text}`, (identity) =>
    identity.names.some(pattern.matches) || identity.byKey.get(pattern.text)?.source === 'fqdn' ? 'yes' : 'no',
  );
}

/** Peers that objects outside the input decide. `world`: they can only be addresses. */
export function unknownSelector(text: string, reach: 'world' | 'anything'): Selector {
  return plain(`unknown:${text}`, (identity) => (reach === 'anything' || identity.isWorld ? 'unknown' : 'no'));
}

/** Every identity. */
export const EVERYTHING: Selector = { text: 'labels:[[],[]]', selects: () => 'yes', required: [], selectsAll: true };

/** An empty CIDR group selector: the engine knows it by the text of EVERYTHING. */
export const ANY_GROUP: Selector = { ...EVERYTHING, lists: 'addresses' };

/** Every address, and no pod or node. */
export const WORLD: Selector = {
  text: 'addresses',
  selects: ({ isWorld }) => (isWorld ? 'yes' : 'no'),
  required: [],
  selectsAll: false,
};

/** No identity. */
export const NOTHING: Selector = { text: 'nothing', selects: () => 'no', required: [], selectsAll: false };

function plain(text: string, decide: (identity: Identity) => Match): Selector {
  return { text, selects: cached(decide), required: [], selectsAll: false };
}

function isWithin(identity: Identity, prefix: Prefix): boolean {
  if (prefix.bits === 0) return isOfFamily(identity, prefix.family);
  return identity.cidrs.some(({ block }) => block && covers(prefix, block));
}

function isOfFamily(identity: Identity, family: Prefix['family']): boolean {
  const specific = identity.byKey.get(`world-ipv${family}`);
  if (specific?.source === 'reserved') return true;
  // The unqualified label stands for the only family that is enabled.
  const label = identity.byKey.get('world');
  return (
    label?.source === 'reserved' &&
    (identity.cidrs.length === 0 || identity.cidrs.some(({ block }) => block?.family === family))
  );
}

/** Remembers the answer per identity in one byte. */
function cached(decide: (identity: Identity) => Match): (identity: Identity) => Match {
  let answers = new Uint8Array(0);
  return (identity) => {
    const known = answers[identity.id];
    if (known) return CODES[known - 1] ?? 'no';
    const answer = decide(identity);
    if (identity.id >= answers.length) {
      const larger = new Uint8Array(Math.max(64, 2 * (identity.id + 1)));
      larger.set(answers);
      answers = larger;
    }
    answers[identity.id] = CODES.indexOf(answer) + 1;
    return answer;
  };
}

function byKey(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
