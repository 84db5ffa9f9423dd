import type { UnitKey } from '../../graph/index.ts';
import type { Turns } from './turns.ts';
import type { Affected, World } from './world.ts';

/** From what the watches tell to keys of the queue. */
export interface Dispatch {
  /** Whom a change affects. `initial`: found by a full read, so that live changes go first. */
  affected(affected: Affected, initial: boolean): void;
  /** A service is gone, and its going affects these owners. */
  gone(key: string, owners: readonly string[]): void;
  /** Owners of the peers that a service had when it went. */
  peersOf(owner: string): readonly string[];
  /** The graph was built: every unit has to be looked at. */
  begin(): void;
}

export type Add = (key: string, initial: boolean) => void;

const EXTERNAL = 'external ';

/** The queue's key of an external service; units are named by their owner. */
export function externalKey(key: string): string {
  return `${EXTERNAL}${key}`;
}

/** The external service that a queue's key is about; undefined when it is a unit's. */
export function externalOf(key: string): string | undefined {
  return key.startsWith(EXTERNAL) ? key.slice(EXTERNAL.length) : undefined;
}

export function serviceUnit(key: string): UnitKey {
  const slash = key.indexOf('/');
  return { kind: 'service', namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export function openDispatch(world: World, turns: Turns, add: Add): Dispatch {
  const gone = new Map<string, readonly string[]>();
  return {
    affected({ owners, told }, initial) {
      // All are expected before the first is looked at, for they may have to wait for each other.
      for (const owner of owners) turns.expect(owner, world.unitOf(owner));
      for (const owner of owners) add(owner, initial);
      for (const owner of told.owners) add(owner, true);
      for (const key of told.externals) add(externalKey(key), true);
    },
    gone(key, owners) {
      const own = world.ownerOf(serviceUnit(key));
      gone.set(
        own,
        owners.filter((owner) => owner !== own),
      );
    },
    peersOf: (owner) => gone.get(owner) ?? [],
    begin() {
      const owners = world.owners();
      for (const owner of owners) turns.expect(owner, world.unitOf(owner));
      for (const owner of owners) add(owner, true);
    },
  };
}
