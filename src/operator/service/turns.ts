// Which units have to go before others, where the doors of one flow belong to several of them.
import type { UnitKey } from '../../graph/index.ts';

/**
 * Keeps what is still to be written. Nobody waits in a circle: a namespace's deny waits for the grants of its services,
 * what services take away waits for their namespace's deny, and the last deny of a service that is gone waits for the
 * revocations of its peers. Who fails is waited for no longer.
 */
export interface Turns {
  /** The objects of this unit may have to change. */
  expect(owner: string, unit: UnitKey | undefined): void;
  /** A token for the work that begins now: what is expected later is not done by it. */
  begin(owner: string): number;
  /** All that the unit applies stands. */
  applied(owner: string, token: number): void;
  /** What the unit no longer grants is gone, too. */
  revoked(owner: string, token: number): void;
  /** Whether the unit may apply its default deny. */
  mayDeny(unit: UnitKey | undefined): boolean;
  /** Whether the unit may take away what it has. */
  mayPrune(unit: UnitKey | undefined, namespaceOwner: string | undefined): boolean;
  /** Whether these have closed what they have to close. */
  haveRevoked(owners: readonly string[]): boolean;
}

export function openTurns(): Turns {
  const unapplied = new Map<string, UnitKey | undefined>();
  const unrevoked = new Set<string>();
  const tokens = new Map<string, number>();
  let next = 1;
  return {
    expect(owner, unit) {
      unapplied.set(owner, unit);
      unrevoked.add(owner);
      tokens.set(owner, next++);
    },
    begin: (owner) => tokens.get(owner) ?? 0,
    applied(owner, token) {
      if ((tokens.get(owner) ?? 0) === token) unapplied.delete(owner);
    },
    revoked(owner, token) {
      if ((tokens.get(owner) ?? 0) !== token) return;
      unapplied.delete(owner);
      unrevoked.delete(owner);
      tokens.delete(owner);
    },
    mayDeny(unit) {
      if (unit?.kind !== 'namespace') return true;
      return !unapplied.values().some((each) => each?.kind === 'service' && each.namespace === unit.namespace);
    },
    mayPrune: (unit, namespaceOwner) =>
      unit?.kind !== 'service' || namespaceOwner === undefined || !unapplied.has(namespaceOwner),
    haveRevoked: (owners) => !owners.some((owner) => unrevoked.has(owner)),
  };
}
