import { ApiError } from '../api-error.ts';
import { listAt, withAt } from '../json.ts';
import { isStored } from '../kinds/registry.ts';
import { finalizersOf, isTerminating, nameOf, namespaceOf } from '../meta.ts';
import type { Plane } from '../plane.ts';
import { deleteObject } from '../verbs/delete.ts';
import { controllerOptions } from './definitions.ts';

const NAMESPACES = '/namespaces';

/** Empties namespaces that are being deleted, and lets them go when nothing is left in them. */
export function followNamespaces(plane: Plane): void {
  plane.store.listen(NAMESPACES, (event) => {
    if (event.type !== 'DELETED' && isTerminating(event.object))
      plane.background.schedule(`namespace ${event.key}`, () => empty(plane, event.key));
  });
  plane.store.listenToAll((_collection, event) => {
    if (event.type !== 'DELETED') return;
    const name = namespaceOf(event.object);
    const namespace = name === '' ? undefined : plane.store.get(NAMESPACES, name);
    if (namespace && isTerminating(namespace)) plane.background.schedule(`namespace ${name}`, () => empty(plane, name));
  });
}

async function empty(plane: Plane, name: string): Promise<void> {
  const namespace = plane.store.get(NAMESPACES, name);
  if (!namespace || !isTerminating(namespace)) return;
  let left = 0;
  for (const collection of collectionsOf(plane)) {
    const resource = plane.registry.ofCollection(collection);
    if (!resource?.namespaced) continue;
    for (const { object } of plane.store.list(collection)) {
      if (namespaceOf(object) !== name) continue;
      const place = { resource, namespace: name, name: nameOf(object), subresource: '' };
      const gone = await tolerateMissing(() =>
        deleteObject(
          plane,
          place,
          { propagation: 'Background', uid: undefined, version: undefined, dryRun: false },
          controllerOptions(),
        ),
      );
      if (gone?.kind === 'waiting') left += 1;
    }
  }
  if (left === 0) release(plane, name);
}

const collectionsOf = (plane: Plane): readonly string[] => [
  ...new Set(
    plane.registry
      .all()
      .filter(isStored)
      .map((resource) => resource.collection),
  ),
];

/** Somebody else may have deleted it meanwhile. */
export async function tolerateMissing<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof ApiError && cause.code === 404) return undefined;
    throw cause;
  }
}

function release(plane: Plane, name: string): void {
  const namespace = plane.store.get(NAMESPACES, name);
  if (!namespace) return;
  const rest = listAt(namespace, 'spec', 'finalizers').filter((finalizer) => finalizer !== 'kubernetes');
  if (rest.length === 0 && finalizersOf(namespace).length === 0) {
    plane.store.remove(NAMESPACES, name);
    return;
  }
  if (rest.length === listAt(namespace, 'spec', 'finalizers').length) return;
  plane.store.put(NAMESPACES, name, withAt(namespace, ['spec', 'finalizers'], rest));
}
