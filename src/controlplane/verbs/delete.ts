import { badRequest, type Cause, conflict, invalid, invalidValue, notFound, unsupported } from '../api-error.ts';
import { at, equal, isObject, type Json, type JsonObject, textAt, textsAt } from '../json.ts';
import { fromStored, keyOf, type Resource, toStored } from '../kinds/resource.ts';
import { finalizersOf, isTerminating, timestamp, uidOf, versionOf, withMeta } from '../meta.ts';
import type { Plane } from '../plane.ts';
import { mistyped } from './decode.ts';
import { integerOf } from './list.ts';
import type { WriteOptions } from './options.ts';
import { holdsContent, type Place } from './write.ts';

export type Propagation = 'Background' | 'Foreground' | 'Orphan';

export interface DeleteOptions {
  readonly propagation: Propagation | undefined;
  readonly uid: string | undefined;
  readonly version: string | undefined;
  readonly dryRun: boolean;
}

/** What happened: the object is gone, or it waits for its finalizers. */
export type Deleted =
  | { readonly kind: 'removed'; readonly object: JsonObject }
  | { readonly kind: 'waiting'; readonly object: JsonObject };

/** Reads DeleteOptions from the body, or else from the query: never from both. @throws ApiError 422 for an unknown policy. */
export function deleteOptions(body: Json | undefined, asQuery: URLSearchParams): DeleteOptions {
  if (body !== undefined) refuseForeign(body);
  const query = body === undefined ? asQuery : new URLSearchParams();
  const asked = textAt(body, 'propagationPolicy') || (query.get('propagationPolicy') ?? '');
  const orphans =
    at(body, 'orphanDependents') ??
    (query.has('orphanDependents') ? query.get('orphanDependents') === 'true' : undefined);
  integerOf(query, 'gracePeriodSeconds');
  const causes: Cause[] = [];
  if (asked !== '' && orphans !== undefined)
    causes.push(
      invalidValue('propagationPolicy', asked, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  if (asked !== '' && !['Background', 'Foreground', 'Orphan'].includes(asked))
    causes.push(unsupported('propagationPolicy', asked, ['Foreground', 'Background', 'Orphan', 'nil']));
  if (causes.length > 0) throw invalid('DeleteOptions', 'meta.k8s.io', '', causes);
  const legacy = orphans === true ? 'Orphan' : orphans === false ? 'Background' : undefined;
  return {
    propagation: asked === 'Foreground' || asked === 'Orphan' || asked === 'Background' ? asked : legacy,
    uid: condition(body, 'uid'),
    version: condition(body, 'resourceVersion'),
    dryRun: body === undefined ? query.getAll('dryRun').includes('All') : textsAt(body, 'dryRun').includes('All'),
  };
}

/** An object in the place of options is a mistake that would delete. @throws ApiError 400 */
function refuseForeign(body: Json): void {
  if (!isObject(body)) throw mistyped(body);
  const [kind, apiVersion] = [textAt(body, 'kind'), textAt(body, 'apiVersion')];
  if (kind === '' || kind === 'DeleteOptions') return;
  throw badRequest(
    `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
  );
}

/** An empty condition is one, and never holds. */
function condition(body: Json | undefined, field: string): string | undefined {
  const found = at(body, 'preconditions', field);
  return typeof found === 'string' ? found : undefined;
}

/** DELETE of one object. */
export async function deleteObject(
  plane: Plane,
  place: Place,
  wanted: DeleteOptions,
  options: WriteOptions,
): Promise<Deleted> {
  const { resource, namespace, name } = place;
  const key = keyOf(resource, namespace, name);
  for (;;) {
    const stored = plane.store.get(resource.collection, key);
    if (!stored) throw notFound(resource, name);
    const current = fromStored(resource, stored);
    checkPreconditions(current, wanted, place);
    await plane.hooks.validate({
      ...place,
      operation: 'DELETE',
      object: undefined,
      old: current,
      user: options.user,
      dryRun: wanted.dryRun,
      warnings: options.warnings,
    });
    if (plane.store.get(resource.collection, key) !== stored) continue;
    const marked = retired(plane, withFinalizers(current, finalizersFor(current, wanted.propagation)), resource);
    if (finalizersOf(marked).length === 0 && !holdsContent(marked, resource)) {
      if (wanted.dryRun) return { kind: 'removed', object: current };
      return { kind: 'removed', object: fromStored(resource, plane.store.remove(resource.collection, key) ?? current) };
    }
    const waiting = terminating(plane, marked, resource);
    if (wanted.dryRun || equal(waiting, current)) return { kind: 'waiting', object: waiting };
    return {
      kind: 'waiting',
      object: fromStored(resource, plane.store.put(resource.collection, key, toStored(resource, waiting))),
    };
  }
}

function checkPreconditions(current: JsonObject, wanted: DeleteOptions, { resource, name }: Place): void {
  const about = { group: resource.group, plural: resource.kind };
  if (wanted.uid !== undefined && wanted.uid !== uidOf(current)) {
    throw conflict(
      about,
      name,
      `the UID in the precondition (${wanted.uid}) does not match the UID in record (${uidOf(current)}). The object might have been deleted and then recreated`,
    );
  }
  if (wanted.version !== undefined && wanted.version !== versionOf(current)) {
    throw conflict(
      about,
      name,
      `the ResourceVersion in the precondition (${wanted.version}) does not match the ResourceVersion in record (${versionOf(current)}). The object might have been modified`,
    );
  }
}

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/** How the dependents fare is written as a finalizer, for the garbage collector to find. */
function finalizersFor(current: JsonObject, propagation: Propagation | undefined): readonly string[] {
  const before = finalizersOf(current);
  if (propagation === undefined) return before;
  const others = before.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  if (propagation === 'Orphan') return [...others, ORPHAN];
  return propagation === 'Foreground' ? [...others, FOREGROUND] : others;
}

const withFinalizers = (object: JsonObject, finalizers: readonly string[]): JsonObject =>
  equal(finalizersOf(object), finalizers)
    ? object
    : withMeta(object, 'finalizers', finalizers.length > 0 ? finalizers : undefined);

/** Kinds with an end of their own write it, once. */
const retired = (plane: Plane, object: JsonObject, resource: Resource): JsonObject =>
  resource.rules.retire && !isTerminating(object)
    ? resource.rules.retire(object, timestamp(plane.clock.now()))
    : object;

function terminating(plane: Plane, object: JsonObject, resource: Resource): JsonObject {
  if (isTerminating(object)) return object;
  const stamped = withMeta(object, 'deletionTimestamp', timestamp(plane.clock.now()));
  if (resource.rules.retire) return stamped;
  const generation = at(object, 'metadata', 'generation');
  const counted = typeof generation === 'number' ? withMeta(stamped, 'generation', generation + 1) : stamped;
  return withMeta(counted, 'deletionGracePeriodSeconds', 0);
}

/** The Status that answers a DELETE that removed the object. */
export function deletedStatus(resource: Resource, name: string, object: JsonObject): JsonObject {
  const group = resource.group === '' ? {} : { group: resource.group };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...group, kind: resource.plural, uid: uidOf(object) },
  };
}
