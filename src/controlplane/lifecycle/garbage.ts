import { isObject, type Json, type JsonObject, listAt, textAt } from '../json.ts';
import { finalizersOf, isTerminating, nameOf, namespaceOf, uidOf, withMeta } from '../meta.ts';
import { keyOf } from '../kinds/resource.ts';
import type { Plane } from '../plane.ts';
import { ownUpdate } from '../ownership/own.ts';
import { writerOf } from '../verbs/write.ts';
import type { StoreEvent } from '../store/store.ts';
import { deleteObject, type Propagation } from '../verbs/delete.ts';
import { controllerOptions } from './definitions.ts';
import { tolerateMissing } from './namespaces.ts';

interface Held {
  readonly collection: string;
  readonly key: string;
}

/** Who names whom as owner, kept up to date by every write. */
interface Ownership {
  /** Objects that name an owner's uid, by place. */
  readonly dependents: Map<string, Map<string, Held>>;
  readonly live: Set<string>;
}

/**
 * The garbage collector. An object goes when none of its owners exists; an owner that is deleted in the foreground
 * waits for the dependents that block it; one that is deleted with `Orphan` lets them go free first.
 */
export function followOwners(plane: Plane): void {
  const ownership: Ownership = { dependents: new Map(), live: new Set() };
  plane.store.listenToAll((collection, event) => {
    record(ownership, collection, event);
    const { object } = event;
    if (event.type === 'DELETED') {
      for (const owner of ownersOf(object)) scheduleOwner(plane, ownership, owner, namespaceOf(object));
      scheduleDependents(plane, ownership, uidOf(object));
      return;
    }
    if (ownersOf(object).length > 0)
      plane.background.schedule(`collect ${collection} ${event.key}`, () =>
        collect(plane, ownership, collection, event.key),
      );
    if (isTerminating(object) && waitsForDependents(object)) {
      plane.background.schedule(`owner ${collection} ${event.key}`, () =>
        advanceOwner(plane, ownership, collection, event.key),
      );
    }
    for (const owner of event.previous ? ownersOf(event.previous) : [])
      scheduleOwner(plane, ownership, owner, namespaceOf(object));
  });
}

const ownersOf = (object: JsonObject): readonly JsonObject[] =>
  listAt(object, 'metadata', 'ownerReferences').filter((owner: Json) => isObject(owner));

const waitsForDependents = (object: JsonObject): boolean =>
  finalizersOf(object).some((finalizer) => finalizer === 'foregroundDeletion' || finalizer === 'orphan');

function record(ownership: Ownership, collection: string, event: StoreEvent): void {
  const place = `${collection}|${event.key}`;
  for (const owner of event.previous ? ownersOf(event.previous) : []) {
    const held = ownership.dependents.get(textAt(owner, 'uid'));
    held?.delete(place);
    if (held?.size === 0) ownership.dependents.delete(textAt(owner, 'uid'));
  }
  if (event.type === 'DELETED') {
    ownership.live.delete(uidOf(event.object));
    return;
  }
  ownership.live.add(uidOf(event.object));
  for (const owner of ownersOf(event.object)) {
    const uid = textAt(owner, 'uid');
    const held = ownership.dependents.get(uid) ?? new Map<string, Held>();
    ownership.dependents.set(uid, held.set(place, { collection, key: event.key }));
  }
}

function scheduleDependents(plane: Plane, ownership: Ownership, uid: string): void {
  for (const { collection, key } of ownership.dependents.get(uid)?.values() ?? []) {
    plane.background.schedule(`collect ${collection} ${key}`, () => collect(plane, ownership, collection, key));
  }
}

/** An owner may have waited for the dependent that just changed. */
function scheduleOwner(plane: Plane, ownership: Ownership, owner: JsonObject, namespace: string): void {
  const uid = textAt(owner, 'uid');
  if (!ownership.live.has(uid)) return;
  plane.background.schedule(`owner ${uid}`, () => {
    const found = findOwner(plane, owner, namespace);
    return found && isTerminating(found.object)
      ? advanceOwner(plane, ownership, found.collection, found.key)
      : undefined;
  });
}

/** An owner lives in the namespace of its dependent, or in none. */
function findOwner(
  plane: Plane,
  owner: JsonObject,
  namespace: string,
): (Held & { readonly object: JsonObject }) | undefined {
  const [group = '', version = ''] = splitVersion(textAt(owner, 'apiVersion'));
  const resource = plane.registry.findKind(group, version, textAt(owner, 'kind'));
  if (!resource) return undefined;
  const { collection } = resource;
  const key = keyOf(resource, namespace, textAt(owner, 'name'));
  const object = plane.store.get(collection, key);
  return object && uidOf(object) === textAt(owner, 'uid') ? { collection, key, object } : undefined;
}

const splitVersion = (apiVersion: string): readonly string[] =>
  apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];

/** Deletes a dependent whose owners are all gone, or go in the foreground. */
async function collect(plane: Plane, ownership: Ownership, collection: string, key: string): Promise<void> {
  const object = plane.store.get(collection, key);
  if (!object || isTerminating(object)) return;
  const owners = ownersOf(object);
  const known = owners.filter((owner) => isResolvable(plane, owner));
  if (owners.length === 0 || known.length < owners.length) return; // an owner of an unknown kind may exist
  const states = owners.map((owner) => stateOf(plane, ownership, owner, namespaceOf(object)));
  if (states.includes('live')) {
    // Whoever still has an owner is let go by the others, or they would wait for it for ever.
    for (const [index, owner] of owners.entries()) {
      if (states[index] !== 'live') release(plane, { collection, key }, textAt(owner, 'uid'));
    }
    return;
  }
  const foreground = states.includes('deleting');
  await remove(plane, collection, object, foreground ? 'Foreground' : undefined);
}

const isResolvable = (plane: Plane, owner: JsonObject): boolean => {
  const [group = '', version = ''] = splitVersion(textAt(owner, 'apiVersion'));
  return plane.registry.findKind(group, version, textAt(owner, 'kind')) !== undefined;
};

function stateOf(
  plane: Plane,
  ownership: Ownership,
  owner: JsonObject,
  namespace: string,
): 'live' | 'deleting' | 'gone' {
  if (!ownership.live.has(textAt(owner, 'uid'))) return 'gone';
  const found = findOwner(plane, owner, namespace);
  if (!found) return 'gone';
  return isTerminating(found.object) && finalizersOf(found.object).includes('foregroundDeletion') ? 'deleting' : 'live';
}

async function remove(
  plane: Plane,
  collection: string,
  object: JsonObject,
  propagation: Propagation | undefined,
): Promise<void> {
  const resource = plane.registry.ofCollection(collection);
  if (!resource) return;
  const place = { resource, namespace: namespaceOf(object), name: nameOf(object), subresource: '' };
  const wanted = { propagation, uid: uidOf(object), version: undefined, dryRun: false };
  await tolerateMissing(() => deleteObject(plane, place, wanted, controllerOptions()));
}

/** An owner on its way out: frees or deletes its dependents, then drops the finalizer that made it wait. */
async function advanceOwner(plane: Plane, ownership: Ownership, collection: string, key: string): Promise<void> {
  const owner = plane.store.get(collection, key);
  if (!owner || !isTerminating(owner)) return;
  const uid = uidOf(owner);
  const held = [...(ownership.dependents.get(uid)?.values() ?? [])];
  if (finalizersOf(owner).includes('orphan')) {
    for (const dependent of held) release(plane, dependent, uid);
    dropFinalizer(plane, collection, key, 'orphan');
    return;
  }
  if (!finalizersOf(owner).includes('foregroundDeletion')) return;
  for (const { collection: place, key: name } of held) await collect(plane, ownership, place, name);
  const blocking = [...(ownership.dependents.get(uid)?.values() ?? [])].some((dependent) =>
    blocks(plane, dependent, uid),
  );
  if (!blocking) dropFinalizer(plane, collection, key, 'foregroundDeletion');
}

function blocks(plane: Plane, { collection, key }: Held, uid: string): boolean {
  const dependent = plane.store.get(collection, key);
  const reference = dependent && ownersOf(dependent).find((owner) => textAt(owner, 'uid') === uid);
  return reference?.blockOwnerDeletion === true;
}

function release(plane: Plane, { collection, key }: Held, uid: string): void {
  const dependent = plane.store.get(collection, key);
  if (!dependent) return;
  const resource = plane.registry.ofCollection(collection);
  if (!resource) return;
  const rest = ownersOf(dependent).filter((owner) => textAt(owner, 'uid') !== uid);
  const freed = withMeta(dependent, 'ownerReferences', rest.length > 0 ? rest : undefined);
  const writer = writerOf(plane, resource, '', controllerOptions());
  plane.store.put(collection, key, ownUpdate(dependent, freed, resource.schema, writer));
}

function dropFinalizer(plane: Plane, collection: string, key: string, finalizer: string): void {
  const object = plane.store.get(collection, key);
  if (!object) return;
  const rest = finalizersOf(object).filter((name) => name !== finalizer);
  if (rest.length === 0) plane.store.remove(collection, key);
  else plane.store.put(collection, key, withMeta(object, 'finalizers', rest));
}
