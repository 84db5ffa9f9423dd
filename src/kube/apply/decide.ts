// What to do with one object, from what is desired, what is there and what was last applied. Pure.
import type { Observed } from './observed.ts';

/** What the last apply of an object was, and what the server made of it. */
export interface Applied {
  readonly owner: string;
  /** Digest of the object that was sent. */
  readonly desired: string;
  readonly uid: string;
  /** Digest of what we owned in the answer; differs from `desired` where the server fills in or rewrites. */
  readonly owned: string | undefined;
}

export type Refusal =
  /** An object of that name exists which nobody applied through us. */
  | 'ForeignObject'
  /** It carries the label of another owner of ours. */
  | 'OwnedByOther';

export type Decision =
  | { readonly kind: 'nothing' }
  /** Not seen: apply where there is nothing, without taking anything from anyone. */
  | { readonly kind: 'create' }
  /** Ours and different: apply to this very object, taking back what was stolen. */
  | { readonly kind: 'update'; readonly uid: string }
  /** It is going away; decide again when it is gone. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'refuse'; readonly reason: Refusal };

export function decideObject(
  owner: string,
  desired: string,
  observed: Observed | undefined,
  applied: Applied | undefined,
): Decision {
  if (!observed) return { kind: 'create' };
  if (observed.owner !== undefined && observed.owner !== owner) return { kind: 'refuse', reason: 'OwnedByOther' };
  // The label may have been edited away, even every field stolen: what we applied is still ours.
  const ours = observed.owned !== undefined || (applied?.owner === owner && applied.uid === observed.uid);
  if (observed.owner === undefined && !ours) return { kind: 'refuse', reason: 'ForeignObject' };
  if (observed.deleting) return { kind: 'wait' };
  if (isSettled(owner, desired, observed, applied)) return { kind: 'nothing' };
  return { kind: 'update', uid: observed.uid };
}

/** Whether an apply of `desired` would change nothing: it stands there as sent, or as the server answered it last time. */
function isSettled(owner: string, desired: string, observed: Observed, applied: Applied | undefined): boolean {
  if (observed.owned === undefined || observed.owner !== owner) return false;
  if (observed.owned === desired) return true;
  return applied?.desired === desired && applied.uid === observed.uid && applied.owned === observed.owned;
}

/** Whether what is seen differs from what we last left there. `observed` undefined: it is gone. */
export function hasDrifted(observed: Observed | undefined, applied: Applied): boolean {
  if (!observed) return true;
  return (
    observed.uid !== applied.uid ||
    observed.owned !== applied.owned ||
    observed.owner !== applied.owner ||
    observed.deleting
  );
}
