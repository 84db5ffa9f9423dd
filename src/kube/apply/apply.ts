// Makes the cluster hold exactly what an owner desires: applies what differs, deletes what is no longer desired,
// and touches nothing else. What is unchanged costs the server nothing.
import type { Client } from '../client/index.ts';
import { KubeError, means } from '../errors.ts';
import { untyped, type Kind, type KindName } from '../kind.ts';
import { keyOf, refOf, type KubeObject } from '../object.ts';
import type { Change } from '../watch/index.ts';
import { decideObject, type Refusal } from './decide.ts';
import { ledger } from './ledger.ts';
import { digestOf, idOf, observe, type Observed } from './observed.ts';
import { intendedPart } from './owned.ts';

export interface Desired {
  readonly kind: Kind;
  /** As it shall be applied; the owner label is added. */
  readonly object: KubeObject;
}

export type Step =
  | {
      readonly kind: 'create' | 'update';
      readonly id: string;
      readonly owner: string;
      readonly desired: Desired;
      readonly digest: string;
    }
  | {
      readonly kind: 'delete';
      readonly id: string;
      readonly of: KindName;
      readonly key: string;
      readonly observed: Observed;
    }
  /** Applied by us, no longer desired, and out of the watch's sight: deleted, or its label taken off? */
  | { readonly kind: 'check'; readonly id: string; readonly of: KindName; readonly key: string; readonly owner: string }
  /** Being deleted, as far as we know: looked at, and waited for if it is still there. */
  | { readonly kind: 'wait'; readonly id: string; readonly owner: string; readonly desired: Desired }
  | { readonly kind: 'refuse'; readonly id: string; readonly reason: Refusal };

export type Result =
  | { readonly id: string; readonly did: 'created' | 'updated' | 'deleted' | 'nothing' | 'waiting' }
  | { readonly id: string; readonly did: 'refused'; readonly reason: Refusal }
  | { readonly id: string; readonly did: 'failed'; readonly error: KubeError };

export interface Applier {
  /** Feed every change of the watches over the kinds that are applied (see observedProjection). */
  see(kind: KindName, change: Change<Observed>): void;
  /** Call when such a watch has read everything anew, up to `version`. */
  reread(kind: KindName, has: (key: string) => boolean, version: string): void;
  /** What differs, applies in the order desired, then deletions by id. Empty when all is as it shall be. */
  plan(owner: string, desired: readonly Desired[]): readonly Step[];
  /** Does one step. Rejects with a KubeError; `conflict` means that the world moved on: plan again. */
  perform(step: Step, signal: AbortSignal): Promise<Result>;
  /**
   * Plans and performs all steps. One step's failure does not keep the others from being done, so that a revocation
   * always goes out; it is in the results. Rejects only when stopped or fenced.
   */
  settle(owner: string, desired: readonly Desired[], signal: AbortSignal): Promise<readonly Result[]>;
}

export interface ApplierOptions {
  readonly client: Client;
  /** Label whose value names the owner; whatever carries it with an owner's value is that owner's to prune. */
  readonly ownerLabel: string;
  /** Called when an owner's objects are not as it left them; `initial` when a full read found it. */
  readonly onDrift: (owner: string, id: string, initial: boolean) => void;
}

/**
 * A version that no object has: an apply with it is done only where there is none. The check and the write are one, and
 * asking first would be another request for each object.
 */
const NEVER = '1';

/**
 * Makes the cluster hold what each owner desires, by server-side apply, and prunes the rest of what is the owner's. It steals
 * nothing: an object of somebody else's that has the name is refused.
 */
export function createApplier({ client, ownerLabel, onDrift }: ApplierOptions): Applier {
  const book = ledger();

  const labelled = (object: KubeObject, owner: string): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata.labels, [ownerLabel]: owner } },
  });
  const planOne = (owner: string, { kind, object }: Desired): readonly Step[] => {
    const id = idOf(kind, object.metadata);
    const desired = { kind, object: labelled(object, owner) };
    const digest = digestOf(intendedPart({ ...desired.object }));
    const known = book.known(id);
    const decision = decideObject(owner, digest, known?.observed, known?.applied);
    switch (decision.kind) {
      case 'nothing':
        return [];
      case 'create':
      case 'update':
        return [{ kind: decision.kind, id, owner, desired, digest }];
      case 'wait':
        return [{ kind: 'wait', id, owner, desired }];
      case 'refuse':
        return [{ kind: 'refuse', id, reason: decision.reason }];
      default:
        return decision satisfies never;
    }
  };
  const plan = (owner: string, desired: readonly Desired[]): readonly Step[] => {
    const wanted = new Set(desired.map(({ kind, object }) => idOf(kind, object.metadata)));
    const prunes = book.idsOf(owner).flatMap((id): readonly Step[] => {
      const known = book.known(id);
      if (wanted.has(id) || !known) return [];
      const { kind, key } = known;
      if (!known.observed) return [{ kind: 'check', id, of: kind, key, owner }];
      if (known.observed.deleting || known.observed.owner !== owner) return [];
      return [{ kind: 'delete', id, of: kind, key, observed: known.observed }];
    });
    return [...desired.flatMap((each) => planOne(owner, each)), ...prunes];
  };

  const write = async (
    step: Extract<Step, { kind: 'create' | 'update' }>,
    uid: string | undefined,
    signal: AbortSignal,
  ) => {
    const { kind, object } = step.desired;
    // With the uid the server refuses to apply to a successor of the same name, with the version to anything at all.
    const only = uid === undefined ? { resourceVersion: NEVER } : { uid };
    const body = { ...object, metadata: { ...object.metadata, ...only } };
    const answer = await client.apply(kind, body, { signal, force: uid !== undefined });
    const observed = observe(answer, ownerLabel);
    const applied = { owner: step.owner, desired: step.digest, uid: observed.uid, owned: observed.owned };
    const drifted = book.noteApplied(kind, keyOf(object.metadata), observed, applied);
    if (drifted !== undefined) onDrift(drifted, step.id, false);
  };
  const create = async (step: Extract<Step, { kind: 'create' | 'update' }>, signal: AbortSignal): Promise<Result> => {
    const { kind, object } = step.desired;
    try {
      await write(step, undefined, signal);
      return { id: step.id, did: 'created' };
    } catch (error) {
      if (!means(error, 'conflict', 'fieldConflict', 'alreadyExists')) throw error;
      // The watch lags, or selects by label: something has this name, and nothing was written.
      const live = await client.find(kind, object.metadata, { signal });
      if (!live) throw error;
      book.noteRead(kind, keyOf(object.metadata), observe(live, ownerLabel));
    }
    const [again] = planOne(step.owner, step.desired);
    return again ? perform(again, signal) : { id: step.id, did: 'nothing' };
  };
  const update = async (step: Extract<Step, { kind: 'create' | 'update' }>, signal: AbortSignal): Promise<Result> => {
    try {
      await write(step, book.known(step.id)?.observed?.uid, signal);
      return { id: step.id, did: 'updated' };
    } catch (error) {
      // Gone, or replaced by another object: what we hold is no longer true.
      if (means(error, 'conflict', 'notFound')) book.unsee(step.id);
      throw error;
    }
  };
  const remove = async (step: Extract<Step, { kind: 'delete' }>, signal: AbortSignal): Promise<Result> => {
    const { uid, version } = step.observed;
    try {
      // Exactly what was judged: a label taken off in the meantime is a conflict, not a deletion.
      await client.delete(step.of, refOf(step.key), { signal, uid, resourceVersion: version });
    } catch (error) {
      if (!means(error, 'notFound')) throw error;
    }
    book.noteDeleted(step.of, step.key, step.observed);
    return { id: step.id, did: 'deleted' };
  };
  /** The end of a deletion is not always seen: the watch may have been away for the object's whole life. */
  const wait = async (step: Extract<Step, { kind: 'wait' }>, signal: AbortSignal): Promise<Result> => {
    const { kind, object } = step.desired;
    const live = await client.find(kind, object.metadata, { signal });
    if (live) book.noteRead(kind, keyOf(object.metadata), observe(live, ownerLabel));
    else book.forget(step.id);
    const [again] = planOne(step.owner, step.desired);
    if (again?.kind === 'wait') return { id: step.id, did: 'waiting' };
    return again ? perform(again, signal) : { id: step.id, did: 'nothing' };
  };
  const check = async (step: Extract<Step, { kind: 'check' }>, signal: AbortSignal): Promise<Result> => {
    const live = await client.find(untyped(step.of), refOf(step.key), { signal });
    const observed = live && observe(live, ownerLabel);
    const ours = observed?.owned !== undefined && (observed.owner ?? step.owner) === step.owner && !observed.deleting;
    if (ours) return remove({ kind: 'delete', id: step.id, of: step.of, key: step.key, observed }, signal);
    book.forget(step.id);
    return { id: step.id, did: 'nothing' };
  };
  const perform = async (step: Step, signal: AbortSignal): Promise<Result> => {
    switch (step.kind) {
      case 'create':
        return create(step, signal);
      case 'update':
        return update(step, signal);
      case 'delete':
        return remove(step, signal);
      case 'check':
        return check(step, signal);
      case 'wait':
        return wait(step, signal);
      case 'refuse':
        return { id: step.id, did: 'refused', reason: step.reason };
      default:
        return step satisfies never;
    }
  };
  return {
    see(kind, change) {
      const owner = book.see(kind, change);
      if (owner !== undefined) onDrift(owner, idOf(kind, refOf(change.key)), change.initial);
    },
    reread(kind, has, version) {
      for (const { id, owner } of book.reread(kind, has, version)) onDrift(owner, id, true);
    },
    plan,
    perform,
    async settle(owner, desired, signal) {
      const results: Result[] = [];
      for (const step of plan(owner, desired)) {
        try {
          results.push(await perform(step, signal));
        } catch (error) {
          if (!(error instanceof KubeError) || means(error, 'aborted', 'fenced')) throw error;
          results.push({ id: step.id, did: 'failed', error });
        }
      }
      return results;
    },
  };
}
