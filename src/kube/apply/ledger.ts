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
  /**
   * After a full read at `version`: what was answered to our own writes up to then, and is not there, is gone. The watch
   * cannot tell, for it may never have seen it. Returns whom to tell, by id.
   */
  reread(
    kind: KindName,
    has: (key: string) => boolean,
    version: string,
  ): readonly { readonly id: string; readonly owner: string }[];
  /** The answer to a read of ours. */
  noteRead(kind: KindName, key: string, observed: Observed): void;
  /** The answer to an apply of ours. Returns the owner if the watch has already shown something newer that differs. */
  noteApplied(kind: KindName, key: string, observed: Observed, applied: Applied): string | undefined;
  /** Our deletion was accepted. */
  noteDeleted(kind: KindName, key: string, observed: Observed): void;
  /** What we believe to see is no longer true; what we applied is kept, to recognise it by. */
  unsee(id: string): void;
  forget(id: string): void;
}

/** How many deleted objects are remembered, for answers that come late. */
const MAX_GONE = 4096;

export function ledger(): Ledger {
  const entries = new Map<string, Known>();
  const owners = new Map<string, Set<string>>();

  // The answer to a write may come after the watch has shown that its object is gone again.
  const gone = new Set<string>();
  const reads = new Map<string, { readonly has: (key: string) => boolean; readonly version: string }>();
  const bury = (uid: string): void => {
    gone.add(uid);
    const [oldest] = gone;
    if (gone.size > MAX_GONE && oldest !== undefined) gone.delete(oldest);
  };
  const isGone = (kind: KindName, key: string, answered: Observed): boolean => {
    const read = reads.get(idOf(kind, { name: '' }));
    return gone.has(answered.uid) || (read !== undefined && !isOlder(read.version, answered.version) && !read.has(key));
  };
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
      if (change.kind === 'deleted') bury(change.before.uid);
      else gone.delete(change.after.uid);
      if (held?.observed && !supersedes(change, held.observed)) return undefined;
      set(id, { kind, key, observed: now, applied: held?.applied });
      if (held?.applied) return hasDrifted(now, held.applied) ? held.applied.owner : undefined;
      return now?.owner ?? held?.observed?.owner;
    },
    reread(kind, has, version) {
      const prefix = idOf(kind, { name: '' });
      reads.set(prefix, { has, version });
      const lost = [...entries].filter(
        ([id, { key, observed }]) =>
          id.startsWith(prefix) && observed !== undefined && !has(key) && !isOlder(version, observed.version),
      );
      return lost.flatMap(([id, known]) => {
        const owners = [...ownersOf(known)].sort();
        set(id, { ...known, observed: undefined });
        return owners.map((owner) => ({ id, owner }));
      });
    },
    noteRead(kind, key, observed) {
      const id = idOf(kind, refOf(key));
      const held = entries.get(id);
      gone.delete(observed.uid);
      set(id, { kind, key, observed: newest(held?.observed, observed), applied: held?.applied });
    },
    noteApplied(kind, key, answered, applied) {
      const id = idOf(kind, refOf(key));
      const observed = isGone(kind, key, answered) ? undefined : newest(entries.get(id)?.observed, answered);
      set(id, { kind, key, observed, applied });
      return hasDrifted(observed, applied) ? applied.owner : undefined;
    },
    noteDeleted(kind, key, observed) {
      set(idOf(kind, refOf(key)), { kind, key, observed: { ...observed, deleting: true }, applied: undefined });
    },
    unsee(id) {
      const held = entries.get(id);
      if (held) set(id, { ...held, observed: undefined });
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
