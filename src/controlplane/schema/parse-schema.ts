import { isList, isObject, type Json, type JsonObject, textAt, textsAt } from '../json.ts';
import { ANYTHING, type ListType, type Schema } from './schema.ts';

const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean'] as const;
const LIST_TYPES: readonly ListType[] = ['atomic', 'set', 'map'];

/** Reads a CRD's `openAPIV3Schema`. It is read once, when the definition is stored. */
export function parseSchema(raw: Json | undefined): Schema {
  if (!isObject(raw)) return ANYTHING;
  const type = TYPES.find((known) => known === raw.type);
  return {
    type,
    format: typeof raw.format === 'string' ? raw.format : undefined,
    properties: new Map(Object.entries(objectOf(raw.properties)).map(([name, inner]) => [name, parseSchema(inner)])),
    additional: additionalOf(raw.additionalProperties),
    items: isObject(raw.items) ? parseSchema(raw.items) : undefined,
    required: textsAt(raw, 'required'),
    nullable: raw.nullable === true,
    intOrString: raw['x-kubernetes-int-or-string'] === true,
    preserveUnknown: raw['x-kubernetes-preserve-unknown-fields'] === true,
    embedded: raw['x-kubernetes-embedded-resource'] === true,
    listType: LIST_TYPES.find((known) => known === raw['x-kubernetes-list-type']) ?? 'atomic',
    mapKeys: textsAt(raw, 'x-kubernetes-list-map-keys'),
    atomicMap: textAt(raw, 'x-kubernetes-map-type') === 'atomic',
    always: false,
    default: raw.default,
    patch: undefined,
    goType: undefined,
    keywords: raw,
  };
}

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

function additionalOf(raw: Json | undefined): Schema | 'any' | undefined {
  if (raw === true) return 'any';
  if (raw === undefined || raw === false || isList(raw)) return undefined;
  return parseSchema(raw);
}
