// What is known of every object that is, or could be, ours: seen by the watch, or answered to our own writes.
import { isOlder, refOf } from '../object.ts';
import type { KindName } from '../kind.ts';
import type { Change } from '../watch/index.ts';
import { hasDrifted, type Applied } from './decide.ts';
import { idOf, type Observed } from './observed.ts';

export interface Known {
  readonly kind: KindName;
  readonly key: string;
  readonly observed: Observed | undefined;
  readonly applied: Applied | undefined;
}

export interface Ledger {
  known(id: string): Known | undefined;
  /** Ids of live objects with this owner's label, or last applied for it, sorted. */
  idsOf(owner: string): readonly string[];
  /** A change seen by the watch. Returns the owner who must look again, if any. */
  see(kind: KindName, change: Change<Observed>): string | undefined;
  /** The answer to a read of ours. */
  noteRead(kind: KindName, key: string, observed: Observed): void;
  /** The answer to an apply of ours. Returns the owner if the watch has already shown something newer that differs. */
  noteApplied(kind: KindName, key: string, observed: Observed, applied: Applied): string | undefined;
  /** Our deletion was accepted. */
  noteDeleted(kind: KindName, key: string, observed: Observed): void;
  forget(id: string): void;
}

export function ledger(): Ledger {
  const entries = new Map<string, Known>();
  const owners = new Map<string, Set<string>>();

  const set = (id: string, next: Known | undefined): void => {
    for (const owner of ownersOf(entries.get(id))) owners.get(owner)?.delete(id);
    if (!next?.observed && !next?.applied) {
      entries.delete(id);
      return;
    }
    entries.set(id, next);
    for (const owner of ownersOf(next)) owners.set(owner, (owners.get(owner) ?? new Set()).add(id));
  };
  return {
    known: (id) => entries.get(id),
    idsOf: (owner) => [...(owners.get(owner) ?? [])].sort(),
    see(kind, change) {
      const { key } = change;
      const id = idOf(kind, refOf(key));
      const held = entries.get(id);
      const now = change.kind === 'deleted' ? undefined : change.after;
      if (held?.observed && !supersedes(change, held.observed)) return undefined;
      set(id, { kind, key, observed: now, applied: held?.applied });
      if (held?.applied) return hasDrifted(now, held.applied) ? held.applied.owner : undefined;
      return now?.owner ?? held?.observed?.owner;
    },
    noteRead(kind, key, observed) {
      const id = idOf(kind, refOf(key));
      const held = entries.get(id);
      set(id, { kind, key, observed: newest(held?.observed, observed), applied: held?.applied });
    },
    noteApplied(kind, key, answered, applied) {
      const id = idOf(kind, refOf(key));
      const observed = newest(entries.get(id)?.observed, answered);
      set(id, { kind, key, observed, applied });
      return hasDrifted(observed, applied) ? applied.owner : undefined;
    },
    noteDeleted(kind, key, observed) {
      set(idOf(kind, refOf(key)), { kind, key, observed: { ...observed, deleting: true }, applied: undefined });
    },
    forget: (id) => set(id, undefined),
  };
}

/** The watch lags behind our own writes: what it shows late must not undo what the server has answered. */
function supersedes(change: Change<Observed>, held: Observed): boolean {
  // A deletion counts only for the object that we hold, not for a predecessor of the same name.
  if (change.kind === 'deleted') return change.before.uid === held.uid;
  return change.after.version !== held.version && !isOlder(change.after.version, held.version);
}

/** An answer may be overtaken by the watch while it is on its way. */
function newest(held: Observed | undefined, answered: Observed): Observed {
  return held?.uid === answered.uid && isOlder(answered.version, held.version) ? held : answered;
}

function ownersOf(known: Known | undefined): ReadonlySet<string> {
  return new Set([known?.observed?.owner, known?.applied?.owner].filter((owner) => owner !== undefined));
}
