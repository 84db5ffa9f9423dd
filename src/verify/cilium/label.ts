// Cilium's labels: `source:key=value`, and what it means for one to have the key that a selector asks for.
import { covers, type Prefix, parsePrefix } from '../kubernetes/index.ts';

/** A label's key with its source; `any` as the source of a selector's key matches every source. */
export interface LabelKey {
  readonly source: string;
  readonly key: string;
  /** Set for the source `cidr`: such keys are compared as address blocks. */
  readonly block: Prefix | undefined;
}

export interface Label extends LabelKey {
  readonly value: string;
}

/** Reads an identity's label. */
export function parseLabel(text: string): Label {
  const colon = text.indexOf(':');
  const source = colon > 0 ? text.slice(0, colon) : 'unspec';
  const rest = text.slice(colon + 1);
  const equals = source === 'cidr' || source === 'fqdn' ? -1 : rest.indexOf('=');
  const key = equals < 0 ? rest : rest.slice(0, equals);
  return { ...keyOf(source, key), value: equals < 0 ? '' : rest.slice(equals + 1) };
}

/** Reads a selector's key; one without a source asks for any source (C11). */
export function parseSelectorKey(text: string): LabelKey {
  const colon = text.indexOf(':');
  const source = colon > 0 ? text.slice(0, colon) : 'any';
  return keyOf(source === 'unspec' ? 'any' : source, text.slice(colon + 1));
}

/** True if an identity's label has the key that a selector asks for. */
export function hasKey(label: LabelKey, wanted: LabelKey): boolean {
  if (wanted.source !== 'any' && wanted.source !== label.source) return false;
  if (wanted.source === 'cidr')
    return wanted.block !== undefined && label.block !== undefined && covers(wanted.block, label.block);
  return wanted.key === label.key;
}

function keyOf(source: string, key: string): LabelKey {
  // IPv6 blocks are written with dashes inside label keys.
  return { source, key, block: source === 'cidr' ? parsePrefix(key.replaceAll('-', ':')) : undefined };
}
