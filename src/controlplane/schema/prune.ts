import { type Draft, isList, isObject, type Json } from '../json.ts';
import { ANYTHING, memberSchema, type Schema } from './schema.ts';

export interface Pruned {
  readonly value: Json;
  /** Paths of members that the schema does not know, as `spec.list[0].member`. */
  readonly unknown: readonly string[];
}

/** Structural pruning: drops what the schema does not specify, and says what it dropped. */
export function prune(value: Json, schema: Schema, path = ''): Pruned {
  const unknown: string[] = [];
  return { value: pruneAt(value, schema, path, unknown), unknown };
}

function pruneAt(value: Json, schema: Schema, path: string, unknown: string[]): Json {
  if (isList(value)) {
    const items = schema.items;
    return items ? value.map((item, index) => pruneAt(item, items, `${path}[${index}]`, unknown)) : value;
  }
  if (!isObject(value) || schema === ANYTHING) return value;
  // A built-in type with a value of another kind is refused as a whole.
  if (schema.goType !== undefined && schema.type !== undefined && schema.type !== 'object') return value;
  const kept: Draft = {};
  for (const [name, member] of Object.entries(value)) {
    const inner = memberSchema(schema, name) ?? embeddedMember(schema, name);
    const where = path === '' ? name : `${path}.${name}`;
    if (inner) kept[name] = pruneAt(member, inner, where, unknown);
    else unknown.push(where);
  }
  return kept;
}

/** A resource inside a resource always has these three, whatever its schema says. */
const embeddedMember = (schema: Schema, name: string): Schema | undefined =>
  schema.embedded && ['apiVersion', 'kind', 'metadata'].includes(name) ? ANYTHING : undefined;
