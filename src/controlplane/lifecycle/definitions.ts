import { CLEANUP_FINALIZER } from '../crd/definition.ts';
import { at, equal, type Json, type JsonObject, listAt, objectAt, textAt } from '../json.ts';
import { DEFINITIONS } from '../kinds/registry.ts';
import { finalizersOf, isTerminating, nameOf, namespaceOf, timestamp, withMeta } from '../meta.ts';
import type { Plane } from '../plane.ts';
import { CONTROLLER } from '../server/authenticate.ts';
import { ownUpdate } from '../ownership/own.ts';
import { deleteObject } from '../verbs/delete.ts';
import { writerOf } from '../verbs/write.ts';

/** Follows definitions: says that they are established, and empties those that are deleted. */
export function followDefinitions(plane: Plane): void {
  plane.store.listen(DEFINITIONS, (event) => {
    if (event.type === 'DELETED') return;
    const name = event.key;
    plane.background.schedule(`definition ${name}`, () => advance(plane, name));
  });
}

function advance(plane: Plane, name: string): void | Promise<void> {
  const definition = plane.store.get(DEFINITIONS, name);
  if (!definition) return undefined;
  return isTerminating(definition) ? empty(plane, name) : establish(plane, name, definition);
}

function establish(plane: Plane, name: string, definition: JsonObject): void {
  const next = { ...definition, status: statusOf(definition, plane.clock.now()) };
  if (equal(next, definition)) return;
  const resource = plane.registry.ofCollection(DEFINITIONS);
  if (!resource) return;
  const writer = writerOf(plane, resource, 'status', controllerOptions());
  plane.store.put(DEFINITIONS, name, ownUpdate(definition, next, resource.schema, writer));
}

function statusOf(definition: JsonObject, now: number): JsonObject {
  const spec = objectAt(definition, 'spec');
  const before = objectAt(definition, 'status');
  const storage = listAt(spec, 'versions').find((version) => at(version, 'storage') === true);
  const known = listAt(before, 'storedVersions');
  const stored = textAt(storage, 'name');
  return {
    conditions: [
      condition(before, 'NamesAccepted', 'NoConflicts', 'no conflicts found', now),
      condition(before, 'Established', 'InitialNamesAccepted', 'the initial names have been accepted', now),
    ],
    acceptedNames: objectAt(spec, 'names'),
    storedVersions: known.includes(stored) ? known : [...known, stored],
  };
}

function condition(status: JsonObject, type: string, reason: string, message: string, now: number): Json {
  const before = listAt(status, 'conditions').find((known) => textAt(known, 'type') === type);
  if (before !== undefined && textAt(before, 'status') === 'True') return before;
  return { lastTransitionTime: timestamp(now), message, reason, status: 'True', type };
}

/** Deletes every object of a definition that is being deleted, then lets the definition go. */
async function empty(plane: Plane, name: string): Promise<void> {
  const definition = plane.store.get(DEFINITIONS, name);
  if (!definition || !finalizersOf(definition).includes(CLEANUP_FINALIZER)) return;
  const collection = `${textAt(definition, 'spec', 'group')}/${textAt(definition, 'spec', 'names', 'plural')}`;
  const resource = plane.registry.ofCollection(collection);
  if (resource) {
    for (const { object } of plane.store.list(collection)) {
      const place = { resource, namespace: namespaceOf(object), name: nameOf(object), subresource: '' };
      await deleteObject(
        plane,
        place,
        { propagation: undefined, uid: undefined, version: undefined, dryRun: false },
        controllerOptions(),
      );
    }
  }
  if (plane.store.list(collection).length > 0) return; // objects wait for their finalizers; their removal asks again
  const rest = finalizersOf(definition).filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
  const latest = plane.store.get(DEFINITIONS, name);
  if (!latest) return;
  if (rest.length === 0) plane.store.remove(DEFINITIONS, name);
  else plane.store.put(DEFINITIONS, name, withMeta(latest, 'finalizers', rest));
}

/** A removed object may have been the last one that a definition waited for. */
export function resumeEmptying(plane: Plane): void {
  plane.store.listenToAll((collection, event) => {
    if (event.type !== 'DELETED') return;
    const [group = '', plural = ''] = collection.split('/');
    const name = `${plural}.${group}`;
    const definition = plane.store.get(DEFINITIONS, name);
    if (definition && isTerminating(definition))
      plane.background.schedule(`definition ${name}`, () => advance(plane, name));
  });
}

export const controllerOptions = () => ({
  dryRun: false,
  manager: 'kube-apiserver',
  named: true,
  validation: 'Ignore' as const,
  force: false,
  user: CONTROLLER,
  warnings: [],
});
