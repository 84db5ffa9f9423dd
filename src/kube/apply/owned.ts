// The part of a live object that a field manager applied, as the server keeps it in managedFields. Pure.
import { at, canonicalJson, isRecord, parseJson } from '../json.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What `manager` owns of `live` by server-side apply, or undefined when it has applied nothing. Any change of an owned
 * field by someone else takes it out of the manager's set, so an equal part means: nothing of ours was edited,
 * removed or stolen, and applying the same again would change nothing. Changes of others' fields do not show.
 */
export function ownedPart(live: unknown, manager: string): unknown {
  const entries = at(live, 'metadata', 'managedFields');
  if (!Array.isArray(entries)) return undefined;
  const parts = entries
    .filter(isRecord)
    // A subresource's entry (status, scale) belongs to other writers.
    .filter((entry) => entry.manager === manager && entry.operation === 'Apply' && !entry.subresource)
    .map((entry) => partOf(live, isRecord(entry.fieldsV1) ? entry.fieldsV1 : {}));
  return parts.length > 1 ? parts : parts[0];
}

/** The part of an intended object that ends up owned: everything but what names it. */
export function intendedPart(object: Fields): unknown {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
  const {
    name: _name,
    namespace: _namespace,
    uid: _uid,
    resourceVersion: _version,
    ...owned
  } = isRecord(metadata) ? metadata : {};
  return Object.keys(owned).length > 0 ? { ...rest, metadata: owned } : rest;
}

/** `.` is the thing itself without what is in it; no key at all is a leaf with everything in it. */
function partOf(value: unknown, fields: Fields): unknown {
  const names = Object.keys(fields);
  if (names.length === 0) return value;
  return Array.isArray(value) ? elementsOf(value, fields, names) : membersOf(value, fields, names);
}

function membersOf(value: unknown, fields: Fields, names: readonly string[]): unknown {
  if (!isRecord(value)) return undefined;
  const part: Record<string, unknown> = {};
  for (const name of names) {
    const field = name.slice(2);
    const below = fields[name];
    if (name.startsWith('f:') && field in value) part[field] = partOf(value[field], isRecord(below) ? below : {});
  }
  return part;
}

/** Elements of a list, in the list's order: by key (k:), by value (v:) or by index (i:). */
function elementsOf(list: readonly unknown[], fields: Fields, names: readonly string[]): readonly unknown[] {
  const owned = names.filter((name) => name !== '.').map((name) => ({ is: elementTest(name), fields: fields[name] }));
  return list.flatMap((element, index) => {
    const entry = owned.find(({ is }) => is(element, index));
    return entry ? [partOf(element, isRecord(entry.fields) ? entry.fields : {})] : [];
  });
}

function elementTest(name: string): (element: unknown, index: number) => boolean {
  const wanted = parseJson(name.slice(2));
  switch (name.slice(0, 2)) {
    case 'k:':
      return (element) =>
        isRecord(wanted) &&
        Object.entries(wanted).every(([key, value]) => canonicalJson(at(element, key)) === canonicalJson(value));
    case 'v:':
      return (element) => canonicalJson(element) === canonicalJson(wanted);
    default:
      return (_element, index) => index === wanted;
  }
}
