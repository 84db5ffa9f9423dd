// What the apply engine remembers of each live object: enough to see drift, and nothing else.
import { hash } from 'node:crypto';
import { FIELD_MANAGER } from '../client/index.ts';
import { at, canonicalJson, stringAt } from '../json.ts';
import { apiVersionOf, type KindName } from '../kind.ts';
import { keyOf, type Ref } from '../object.ts';
import { allBut, type Projection } from '../watch/index.ts';
import { ownedPart } from './owned.ts';

export interface Observed {
  readonly uid: string;
  readonly version: string;
  /** Value of the owner label. */
  readonly owner: string | undefined;
  /** Digest of what our field manager owns of it; undefined when it owns nothing. */
  readonly owned: string | undefined;
  readonly deleting: boolean;
}

/** The projection for the watches that feed the engine. */
export function observedProjection(ownerLabel: string): Projection<Observed> {
  return { mask: allBut('status'), of: (object) => observe(object, ownerLabel) };
}

export function observe(object: unknown, ownerLabel: string): Observed {
  const part = ownedPart(object, FIELD_MANAGER);
  return {
    uid: stringAt(object, 'metadata', 'uid') ?? '',
    version: stringAt(object, 'metadata', 'resourceVersion') ?? '',
    owner: stringAt(object, 'metadata', 'labels', ownerLabel),
    owned: part === undefined ? undefined : digestOf(part),
    deleting: at(object, 'metadata', 'deletionTimestamp') !== undefined,
  };
}

/** Equal for equal values, whatever the order of their fields. */
export function digestOf(value: unknown): string {
  return hash('sha256', canonicalJson(value), 'base64url');
}

/** Names an object among all kinds: `apiVersion/Kind key`. */
export function idOf(kind: KindName, ref: Ref): string {
  return `${apiVersionOf(kind)}/${kind.kind} ${keyOf(ref)}`;
}
