import { ApiError } from '../api-error.ts';
import { type Draft, equal, isObject, type JsonObject } from '../json.ts';
import { withMeta } from '../meta.ts';
import type { Schema } from '../schema/schema.ts';
import {
  difference,
  EMPTY,
  type FieldSet,
  intersection,
  isEmpty,
  memberPaths,
  node,
  union,
  within,
  without,
} from './field-set.ts';
import { compare, fieldsOf } from './fields-of.ts';
import { type Owner, readOwners, sameOwner, writeOwners } from './managed-fields.ts';
import { mergeApplied, removeFields } from './merge.ts';

/** Who writes, through what, and which parts of the object that way cannot change. */
export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource: string;
  /** metav1.Time of the write. */
  readonly time: string;
  readonly scope: 'all' | 'without status' | 'status only';
}

/** The fields that belong to the server, or that only identify the object. */
const UNOWNED: readonly (readonly string[])[] = [
  ['f:apiVersion'],
  ['f:kind'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((field) => ['f:metadata', `f:${field}`]),
];

function strip(set: FieldSet): FieldSet {
  const stripped = UNOWNED.reduce(without, set);
  const children = [...stripped.children].map(
    ([step, child]) => [step, step === 'f:metadata' ? { member: false, children: child.children } : child] as const,
  );
  return node(false, children);
}

function scoped(set: FieldSet, scope: Writer['scope']): FieldSet {
  if (scope === 'all') return set;
  return scope === 'without status' ? without(set, ['f:status']) : within(set, ['f:status']);
}

const unmanaged = (object: JsonObject): JsonObject => withMeta(object, 'managedFields', undefined);

/** Records an ordinary write (create, PUT, patch): whoever changed a field owns it, and nobody else does. */
export function ownUpdate(live: JsonObject | undefined, next: JsonObject, schema: Schema, writer: Writer): JsonObject {
  const owners = readOwners(next) ?? readOwners(live) ?? [];
  const { added, removed, modified } = compare(live ? unmanaged(live) : {}, unmanaged(next), schema);
  const taken = strip(union(added, modified));
  const identity = { ...writer, operation: 'Update' } as const;
  const mine = owners.find((owner) => sameOwner(owner, identity));
  const others = owners
    .filter((owner) => owner !== mine)
    .map((owner) => ({ ...owner, fields: difference(difference(owner.fields, taken), removed) }));
  const fields = union(difference(mine?.fields ?? EMPTY, removed), taken);
  const changed = !isEmpty(taken) || !isEmpty(difference(mine?.fields ?? EMPTY, fields));
  const time = changed || !mine ? writer.time : mine.time;
  const { manager, apiVersion, subresource } = writer;
  return writeOwners(next, [...others, { manager, apiVersion, subresource, operation: 'Update', time, fields }]);
}

/** The state that an apply asks for, before defaulting and admission. */
export interface Applied {
  readonly object: JsonObject;
  /** To be recorded by `ownApply` once the object is final. */
  readonly claim: Claim;
}

/** What an applier names, and which of it differs from what was there, before defaults. `changes`: whether anything does. */
export interface Claim {
  readonly fields: FieldSet;
  readonly written: FieldSet;
  readonly changes: boolean;
}

/**
 * Server-side apply: merges the configuration, drops what this applier no longer applies and nobody else owns.
 * @throws ApiError 409 when it would change what others own and `force` is not set.
 */
export function applyConfiguration(
  live: JsonObject | undefined,
  configuration: JsonObject,
  { schema, tidy }: { readonly schema: Schema; readonly tidy: (object: JsonObject) => JsonObject },
  writer: Writer,
  force: boolean,
): Applied {
  const owners = readOwners(live) ?? [];
  const identity = { ...writer, operation: 'Apply' } as const;
  const last = owners.find((owner) => sameOwner(owner, identity))?.fields ?? EMPTY;
  const named = fieldsOf(configuration, schema);
  const claim = scoped(strip(named), writer.scope);
  const base = live ? unmanaged(live) : {};
  const merged = mergeApplied(base, configuration, schema);
  const others = owners.filter((owner) => !sameOwner(owner, identity));
  const owned = others.reduce((all, owner) => union(all, owner.fields), named);
  const pruned = removeFields(merged, difference(last, claim), owned, schema);
  const whole = isObject(pruned) ? pruned : base;
  const change = compare(base, whole, schema);
  const written = union(change.added, change.modified);
  if (!force) refuseConflicts(others, written);
  const object = tidy(whole);
  const changes = live === undefined || !equal(object, tidy(base));
  return { object: keepTypeMeta(object, configuration), claim: { fields: claim, written, changes } };
}

const keepTypeMeta = (object: JsonObject, configuration: JsonObject): JsonObject => {
  const kept: Draft = { ...object };
  for (const field of ['apiVersion', 'kind']) {
    const value = configuration[field];
    if (value !== undefined) kept[field] = value;
  }
  return kept;
};

function refuseConflicts(others: readonly Owner[], written: FieldSet): void {
  const conflicts = others
    .map((owner) => ({ owner: ownerText(owner), paths: memberPaths(intersection(owner.fields, written)) }))
    .filter(({ paths }) => paths.length > 0);
  if (conflicts.length === 0) return;
  const total = conflicts.reduce((count, { paths }) => count + paths.length, 0);
  const lines = conflicts.map(({ owner, paths }) =>
    paths.length === 1 ? `conflict with ${owner}: ${paths[0]}` : `conflicts with ${owner}:\n- ${paths.join('\n- ')}`,
  );
  throw new ApiError(
    409,
    'Conflict',
    `Apply failed with ${total} conflict${total === 1 ? '' : 's'}: ${lines.join('\n')}`,
    {
      causes: conflicts.flatMap(({ owner, paths }) =>
        paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field })),
      ),
    },
  );
}

function ownerText(owner: Owner): string {
  const name = JSON.stringify(owner.manager);
  const through = owner.subresource === '' ? name : `${name} with subresource ${JSON.stringify(owner.subresource)}`;
  return owner.operation === 'Apply' ? through : `${through} using ${owner.apiVersion}`;
}

/** Records an apply on the final object: the applier owns its claim, others lose what it took from them by force. */
export function ownApply(
  live: JsonObject | undefined,
  next: JsonObject,
  schema: Schema,
  writer: Writer,
  { fields, written, changes }: Claim,
): JsonObject {
  const owners = readOwners(live) ?? [];
  const identity = { ...writer, operation: 'Apply' } as const;
  const mine = owners.find((owner) => sameOwner(owner, identity));
  const { added, removed, modified } = compare(live ? unmanaged(live) : {}, unmanaged(next), schema);
  const lost = union(union(added, modified), union(written, removed));
  const others = owners
    .filter((owner) => owner !== mine)
    .map((owner) => ({ ...owner, fields: difference(owner.fields, lost) }));
  const { manager, apiVersion, subresource } = writer;
  // Who claims what is there already changes nothing: the server keeps no time of it.
  const time = changes ? writer.time : (mine?.time ?? '');
  return writeOwners(next, [...others, { manager, apiVersion, subresource, operation: 'Apply', time, fields }]);
}
