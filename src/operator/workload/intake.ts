import { isDeepStrictEqual } from 'node:util';
import type { LatticeService } from '../../api/index.ts';
import type { InputChange, Stored } from './inputs.ts';
import type { WorkloadWorld } from './world.ts';

/** From what the watches tell to the services that have to be looked at. */
export interface Intake {
  /** Tells the world; answers with the keys of services that may look different now. */
  take(change: InputChange): ReadonlySet<string>;
  /** From now on a service waits for the pods of others, by key; with none it waits no more. */
  waits(key: string, others: readonly string[]): void;
}

export function openIntake(world: WorkloadWorld): Intake {
  /** What was last told to the world of a service: a write of its status changes nothing. */
  const told = new Map<string, LatticeService>();
  /** Services that wait for pods of what was made for them, by key of those. */
  const waiting = new Map<string, readonly string[]>();

  const takeService = (key: string, after: Stored<LatticeService> | undefined): ReadonlySet<string> => {
    if (after && !after.deleting) {
      if (!after.value || isDeepStrictEqual(told.get(key), after.value)) return new Set();
      told.set(key, after.value);
      return world.putService(after.value);
    }
    if (!after) waiting.delete(key);
    told.delete(key);
    return world.removeService(key);
  };
  const waitingFor = (other: string): readonly string[] =>
    [...waiting].flatMap(([key, others]) => (others.includes(other) ? [key] : []));
  return {
    take(change) {
      switch (change.kind) {
        case 'service':
          return new Set([change.key, ...takeService(change.key, change.after)]);
        case 'external':
          return change.after?.value ? world.putExternal(change.after.value) : world.removeExternal(change.key);
        case 'class':
          return change.after?.value ? world.putClass(change.after.value) : world.removeClass(change.key);
        case 'config':
          return world.putConfig(change.key.slice(0, change.key.indexOf('/')), change.after);
        case 'fact':
          return change.after ? world.putFact(change.after) : world.removeFact(change.key);
        case 'pod':
          return new Set([change.key, ...waitingFor(change.key)]);
      }
    },
    waits(key, others) {
      if (others.length > 0) waiting.set(key, others);
      else waiting.delete(key);
    },
  };
}
