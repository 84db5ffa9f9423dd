import { byText, compact, isObject, type Json, type JsonObject, listAt, textAt } from '../json.ts';
import { withMeta } from '../meta.ts';
import { type FieldSet, fromFieldsV1, isEmpty, toFieldsV1 } from './field-set.ts';

/** One owner: who, how, in which version, and what. */
export interface Owner {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
  readonly fields: FieldSet;
}

/** Appliers are one owner whatever version they speak; updaters are one per version. */
export const sameOwner = (left: Omit<Owner, 'fields' | 'time'>, right: Omit<Owner, 'fields' | 'time'>): boolean =>
  left.manager === right.manager &&
  left.operation === right.operation &&
  left.subresource === right.subresource &&
  (left.operation === 'Apply' || left.apiVersion === right.apiVersion);

/** The owners that an object lists; undefined if the list is absent, empty or unreadable. */
export function readOwners(object: JsonObject | undefined): readonly Owner[] | undefined {
  const entries = listAt(object, 'metadata', 'managedFields');
  if (entries.length === 0) return undefined;
  if (entries.length === 1 && isObject(entries[0]) && Object.keys(entries[0]).length === 0) return []; // asked to forget
  const owners = entries.map(readOwner);
  return owners.every((owner) => owner !== undefined) ? owners : undefined;
}

function readOwner(entry: Json): Owner | undefined {
  const operation = textAt(entry, 'operation');
  if (operation !== 'Apply' && operation !== 'Update') return undefined;
  return {
    manager: textAt(entry, 'manager'),
    operation,
    apiVersion: textAt(entry, 'apiVersion'),
    subresource: textAt(entry, 'subresource'),
    time: textAt(entry, 'time'),
    fields: fromFieldsV1(isObject(entry) ? entry.fieldsV1 : undefined),
  };
}

/** Writes owners into the object, in the order that the server keeps: appliers first, then by time and name. */
export function writeOwners(object: JsonObject, owners: readonly Owner[]): JsonObject {
  const kept = owners.filter((owner) => !isEmpty(owner.fields)).sort(byAge);
  return withMeta(object, 'managedFields', kept.length === 0 ? undefined : kept.map(writeOwner));
}

const byAge = (left: Owner, right: Owner): number =>
  byText(left.operation, right.operation) ||
  byText(left.time, right.time) ||
  byText(left.manager, right.manager) ||
  byText(left.apiVersion, right.apiVersion) ||
  byText(left.subresource, right.subresource);

const writeOwner = (owner: Owner): JsonObject =>
  compact({
    manager: owner.manager,
    operation: owner.operation,
    apiVersion: owner.apiVersion,
    time: owner.time === '' ? undefined : owner.time,
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(owner.fields),
    subresource: owner.subresource === '' ? undefined : owner.subresource,
  });
