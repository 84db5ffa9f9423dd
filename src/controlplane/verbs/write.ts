import {
  alreadyExists,
  ApiError,
  badRequest,
  type Cause,
  conflict,
  forbidden,
  invalid,
  invalidValue,
  notFound,
  STALE,
} from '../api-error.ts';
import type { Attempt } from '../admission/hooks.ts';
import { checkFinalizer } from '../finalizer.ts';
import { equal, type JsonObject, listAt, objectAt, textAt, withAt } from '../json.ts';
import { apiVersionOf, fromStored, keyOf, type Resource, toStored } from '../kinds/resource.ts';
import { finalizersOf, isTerminating, nameOf, namespaceOf, timestamp, uidOf, versionOf, withMeta } from '../meta.ts';
import { type Claim, ownApply, ownUpdate, type Writer } from '../ownership/own.ts';
import type { Plane } from '../plane.ts';
import { checkMeta, checkUnchanged } from './check-meta.ts';
import { screen } from './decode.ts';
import type { WriteOptions } from './options.ts';
import { typedError } from './typed.ts';

/** Where a write goes. */
export interface Place {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** What a writer wants to store, made from what is stored now. `claim` is set by server-side apply. */
export interface Proposal {
  readonly object: JsonObject;
  readonly claim?: Claim;
  /** Done to the object when its owners are known already. */
  readonly finish?: (owned: JsonObject) => JsonObject;
}

/** POST. `object` is already screened. @returns the object as stored. */
export async function create(
  plane: Plane,
  place: Place,
  object: JsonObject,
  options: WriteOptions,
  claim?: Claim,
): Promise<JsonObject> {
  const { resource } = place;
  if (/^0*[1-9]\d*$/.test(versionOf(object)))
    throw new ApiError(500, '', 'resourceVersion should not be set on objects to be created');
  const placed = inNamespace(object, place);
  requireNamespace(plane, resource, placed);
  const attempt = attemptOf(place, 'CREATE', options, undefined);
  const bare = cleared(resource.status ? withAt(placed, ['status'], undefined) : placed, resource);
  const mutated = await mutate(plane, attempt, resource.rules.prepare(bare, undefined), undefined, options);
  const stamped = stampNew(plane, resource, mutated);
  check(stamped, undefined, place);
  warn(stamped, undefined, resource, options);
  const owned = filled(resource, settled(resource, own(plane, undefined, stamped, place, options, claim, placed)));
  await plane.hooks.validate({ ...attempt, name: nameOf(owned), object: owned });
  requireNamespace(plane, resource, owned);
  const key = keyOf(resource, namespaceOf(owned), nameOf(owned));
  const there = plane.store.get(resource.collection, key);
  if (there) throw alreadyExists(resource, nameOf(owned), isTerminating(there));
  if (options.dryRun) return owned;
  return fromStored(resource, plane.store.put(resource.collection, key, toStored(resource, owned)));
}

const filled = (resource: Resource, object: JsonObject): JsonObject => resource.rules.fill?.(object) ?? object;

const settled = (resource: Resource, object: JsonObject): JsonObject => resource.rules.settle?.(object) ?? object;

/**
 * PUT, PATCH and every write to a subresource: proposes again until nobody wrote in between.
 * @returns the object as stored, and as removed if this write took its last finalizer.
 */
export async function update(
  plane: Plane,
  place: Place,
  options: WriteOptions,
  propose: (current: JsonObject) => Proposal,
): Promise<JsonObject> {
  const { resource, namespace, name } = place;
  const key = keyOf(resource, namespace, name);
  for (;;) {
    const stored = plane.store.get(resource.collection, key);
    if (!stored) throw notFound(resource, name);
    const current = fromStored(resource, stored);
    const next = await prepareUpdate(plane, place, options, current, propose(current));
    if (plane.store.get(resource.collection, key) !== stored) continue;
    if (equal(next, current) || options.dryRun) return next;
    if (isTerminating(next) && finalizersOf(next).length === 0 && !holdsContent(next, resource)) {
      plane.store.remove(resource.collection, key);
      return next;
    }
    return fromStored(resource, plane.store.put(resource.collection, key, toStored(resource, next)));
  }
}

/** A namespace stays until its own finalizers (spec) are gone as well. */
export const holdsContent = (object: JsonObject, resource: Resource): boolean =>
  resource.finalize && listAt(object, 'spec', 'finalizers').length > 0;

async function prepareUpdate(
  plane: Plane,
  place: Place,
  options: WriteOptions,
  current: JsonObject,
  { object, claim, finish }: Proposal,
): Promise<JsonObject> {
  const { resource } = place;
  checkIdentity(object, current, place);
  const attempt = attemptOf(place, 'UPDATE', options, current);
  const scoped = withinScope(inNamespace(object, place), current, place);
  const prepared = resource.rules.prepare(keepSystemFields(scoped, current), current);
  const mutated = withinScope(await mutate(plane, attempt, prepared, current, options), current, place);
  const next = withGeneration(keepSystemFields(mutated, current), current, resource);
  check(next, current, place, checkUnchanged(object, current));
  warn(next, current, resource, options);
  const known = own(plane, current, next, place, options, claim, object);
  const owned = filled(resource, finish?.(known) ?? known);
  const final = sameButOwners(owned, current) ? current : owned;
  await plane.hooks.validate({ ...attempt, object: final });
  return final;
}

/** A write that changes nothing but the times of its owners is no write. */
const sameButOwners = (next: JsonObject, current: JsonObject): boolean =>
  equal(withoutTimes(next), withoutTimes(current));

const withoutTimes = (object: JsonObject): JsonObject =>
  withMeta(
    object,
    'managedFields',
    listAt(object, 'metadata', 'managedFields').map((entry) => ({ ...objectAt(entry), time: '' })),
  );

const attemptOf = (
  place: Place,
  operation: Attempt['operation'],
  options: WriteOptions,
  old: JsonObject | undefined,
): Attempt => ({
  ...place,
  operation,
  object: undefined,
  old,
  user: options.user,
  dryRun: options.dryRun,
  warnings: options.warnings,
});

async function mutate(
  plane: Plane,
  attempt: Attempt,
  object: JsonObject,
  previous: JsonObject | undefined,
  options: WriteOptions,
): Promise<JsonObject> {
  const mutated = await plane.hooks.mutate(attempt, object);
  if (mutated === object) return object;
  const screened = screen(mutated, attempt.resource, { ...options, validation: 'Ignore' });
  return attempt.resource.rules.prepare(screened, previous);
}

function inNamespace(object: JsonObject, place: Place): JsonObject {
  const given = namespaceOf(object);
  if (!place.resource.namespaced) return given === '' ? object : withMeta(object, 'namespace', undefined);
  if (given !== '' && given !== place.namespace) {
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  }
  return given === '' ? withMeta(object, 'namespace', place.namespace) : object;
}

const NAMESPACES = { group: '', plural: 'namespaces' } as const;

function requireNamespace(plane: Plane, resource: Resource, object: JsonObject): void {
  if (!resource.namespaced) return;
  const name = namespaceOf(object);
  const namespace = plane.store.get('/namespaces', name);
  if (!namespace) throw notFound(NAMESPACES, name);
  if (!isTerminating(namespace)) return;
  const why = `unable to create new content in namespace ${name} because it is being terminated`;
  const refusal = forbidden(resource, nameOf(object), why);
  throw new ApiError(403, 'Forbidden', refusal.message, {
    ...refusal.details,
    causes: [
      { reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated`, field: 'metadata.namespace' },
    ],
  });
}

const cleared = (object: JsonObject, { generation }: Resource): JsonObject =>
  [
    'resourceVersion',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'uid',
    'creationTimestamp',
    'selfLink',
    ...(generation ? ['generation'] : []),
  ].reduce((left, field) => withMeta(left, field, undefined), object);

function stampNew(plane: Plane, resource: Resource, object: JsonObject): JsonObject {
  const prefix = textAt(object, 'metadata', 'generateName');
  const named =
    nameOf(object) === '' && prefix !== ''
      ? withMeta(object, 'name', `${prefix.slice(0, 58)}${plane.newSuffix()}`)
      : object;
  const stamps = {
    ...objectAt(named, 'metadata'),
    uid: plane.newUid(),
    creationTimestamp: timestamp(plane.clock.now()),
    ...(resource.generation ? { generation: 1 } : {}),
  };
  return { ...named, metadata: stamps };
}

function checkIdentity(object: JsonObject, current: JsonObject, { resource, name }: Place): void {
  if (nameOf(object) !== '' && nameOf(object) !== name) {
    throw badRequest(`the name of the object (${nameOf(object)}) does not match the name on the URL (${name})`);
  }
  const version = versionOf(object);
  if (!/^\d*$/.test(version))
    throw new ApiError(500, '', `strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  if (version !== '' && version !== '0' && version !== versionOf(current)) throw conflict(resource, name, STALE);
}

/** A write without a version is refused where it could undo another one. @throws ApiError 422 */
export function requireUnconditional({ resource, name }: Place): void {
  if (resource.unconditionalUpdate) return;
  const cause = invalidValue('metadata.resourceVersion', 0, 'must be specified for an update');
  throw invalid(resource.plural, resource.group, name, [cause]);
}

/** A PUT with a uid is meant for that object alone. @throws ApiError 409 */
export function requireSame(object: JsonObject, current: JsonObject, { resource, name }: Place, dryRun: boolean): void {
  if (uidOf(object) === '' || uidOf(object) === uidOf(current)) return;
  const root = `${dryRun ? '' : '/registry'}${resource.typeName === undefined ? `/${resource.group}` : ''}`;
  const key = `${root}/${resource.plural}/${resource.namespaced ? `${namespaceOf(current)}/` : ''}${name}`;
  const why = `Precondition failed: UID in precondition: ${uidOf(object)}, UID in object meta: ${uidOf(current)}`;
  throw conflict(
    resource,
    name,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
  );
}

const SYSTEM_FIELDS = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'generation',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'resourceVersion',
] as const;

function keepSystemFields(next: JsonObject, current: JsonObject): JsonObject {
  const before = objectAt(current, 'metadata');
  return SYSTEM_FIELDS.reduce((object, field) => withMeta(object, field, before[field]), next);
}

/** A subresource changes its own part only, and the main resource does not change the status. */
function withinScope(next: JsonObject, current: JsonObject, { resource, subresource }: Place): JsonObject {
  switch (subresource) {
    case 'status': {
      const owners = listAt(next, 'metadata', 'managedFields');
      const base = withAt(current, ['status'], next.status);
      return owners.length > 0 ? withMeta(base, 'managedFields', owners) : base;
    }
    case 'finalize':
      return withAt(current, ['spec', 'finalizers'], listAt(next, 'spec', 'finalizers'));
    default:
      return keepParts(next, current, resource);
  }
}

/** The status has a door of its own, and so have the finalizers of a namespace. */
function keepParts(next: JsonObject, current: JsonObject, resource: Resource): JsonObject {
  const kept = resource.status ? withAt(next, ['status'], current.status) : next;
  return resource.finalize ? withAt(kept, ['spec', 'finalizers'], listAt(current, 'spec', 'finalizers')) : kept;
}

function withGeneration(next: JsonObject, current: JsonObject, resource: Resource): JsonObject {
  if (!resource.generation) return next;
  const judged = (object: JsonObject): JsonObject => {
    const { metadata: _metadata, status, ...rest } = object;
    return resource.status || status === undefined ? rest : { ...rest, status };
  };
  const before = objectAt(current, 'metadata').generation;
  const generation = typeof before === 'number' ? before : 1;
  return withMeta(next, 'generation', equal(judged(next), judged(current)) ? generation : generation + 1);
}

function check(
  next: JsonObject,
  previous: JsonObject | undefined,
  { resource, subresource }: Place,
  before: readonly Cause[] = [],
): void {
  const found = [...before, ...checkMeta(next, previous, resource)];
  const causes = [...found, ...resource.rules.check(next, previous, subresource, found)];
  if (causes.length > 0) throw invalid(resource.kind, resource.group, nameOf(next), causes);
}

/** Finalizers of custom objects may have any name; the server would rather they said whose they are. */
function warn(next: JsonObject, previous: JsonObject | undefined, resource: Resource, options: WriteOptions): void {
  if (resource.typeName !== undefined) return;
  const known = previous ? finalizersOf(previous) : [];
  for (const name of finalizersOf(next))
    if (!known.includes(name) && checkFinalizer(name, '').length > 0)
      options.warnings.push(
        `metadata.finalizers: ${JSON.stringify(name)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
      );
}

function own(
  plane: Plane,
  current: JsonObject | undefined,
  next: JsonObject,
  { resource, subresource }: Place,
  options: WriteOptions,
  claim: Claim | undefined,
  sent: JsonObject,
): JsonObject {
  const writer = writerOf(plane, resource, subresource, options);
  if (claim) return ownApply(current, next, resource.schema, writer, claim);
  // Of what cannot be typed nobody owns a field, also where it is a status that is not stored.
  if (typedError(sent, resource.schema, 'alike') !== undefined) return withMeta(next, 'managedFields', undefined);
  return ownUpdate(current, next, resource.schema, writer);
}

export function writerOf(plane: Plane, resource: Resource, subresource: string, options: WriteOptions): Writer {
  return {
    manager: options.manager,
    apiVersion: apiVersionOf(resource),
    subresource,
    time: subresource === 'scale' ? '' : timestamp(plane.clock.now()), // the server keeps no time of a scaling
    scope: subresource === 'status' ? 'status only' : resource.status ? 'without status' : 'all',
  };
}
