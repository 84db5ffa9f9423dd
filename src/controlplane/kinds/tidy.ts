import { type Draft, isList, isObject, type Json, type JsonObject } from '../json.ts';
import { type Field, fieldsOf, isNamed, type TypeTable } from './type-notation.ts';

/** A built-in object as the typed server writes it: what its types omit when empty is not there. */
export function createTidy(table: TypeTable): (object: JsonObject, type: string) => JsonObject {
  const known = new Map<string, readonly Field[]>();
  const fields = (type: string): readonly Field[] => {
    const found = known.get(type) ?? fieldsOf(table[type] ?? '');
    known.set(type, found);
    return found;
  };
  const tidyType = (object: JsonObject, type: string): JsonObject => {
    const tidied: Draft = { ...object };
    for (const field of fields(type)) {
      const value = object[field.name];
      if (value === undefined) continue;
      const next = tidyValue(value, field.type);
      if (isOmitted(next, field)) delete tidied[field.name];
      else tidied[field.name] = next;
    }
    return tidied;
  };
  const tidyValue = (value: Json, type: string): Json => {
    if (isNamed(type)) return isObject(value) ? tidyType(value, type) : value;
    if (type === 'B' && isList(value)) return Buffer.from(value.map(Number)).toString('base64');
    const inner = type.slice(1, -1);
    if (type === '{s}' && isObject(value)) return mapMembers(value, (member) => member ?? '');
    if (type === '{B}' && isObject(value)) return mapMembers(value, (member) => tidyValue(member ?? '', 'B'));
    if (type === '[s]' && isList(value)) return value.map((item) => item ?? '');
    if (type.startsWith('[') && isList(value) && isNamed(inner))
      return value.map((item) => tidyValue(item ?? {}, inner));
    return value;
  };
  return tidyType;
}

const mapMembers = (value: JsonObject, change: (member: Json) => Json): JsonObject =>
  Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member)]));

/** Empty collections, and zero scalars that are no pointers. Structs stay: `emptyDir: {}` means something. */
function isOmitted(value: Json, field: Field): boolean {
  if (value === null) return true;
  if (field.required || field.pointer) return false;
  if (isList(value)) return value.length === 0;
  if (isObject(value)) return field.type.startsWith('{') && Object.keys(value).length === 0;
  return value === '' || value === 0 || value === false;
}
