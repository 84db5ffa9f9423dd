import type { Json, JsonObject } from '../json.ts';

export type ListType = 'atomic' | 'set' | 'map';

/** What the server needs to know about a value: the structural part of a schema, built-in or from a CRD. */
export interface Schema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | undefined;
  readonly format: string | undefined;
  readonly properties: ReadonlyMap<string, Schema>;
  /** The values of a map; 'any' where the schema says `additionalProperties: true`. */
  readonly additional: Schema | 'any' | undefined;
  readonly items: Schema | undefined;
  readonly required: readonly string[];
  readonly nullable: boolean;
  readonly intOrString: boolean;
  readonly preserveUnknown: boolean;
  readonly embedded: boolean;
  readonly listType: ListType;
  readonly mapKeys: readonly string[];
  readonly atomicMap: boolean;
  /** A struct that the server always has, empty or not: its presence belongs to nobody. */
  readonly always: boolean;
  readonly default: Json | undefined;
  readonly patch: PatchStrategy | undefined;
  /** What the server's own language calls a built-in type: its errors say it. */
  readonly goType: string | undefined;
  /** The OpenAPI keywords as written: value validation, descriptions and CEL rules are read from here. */
  readonly keywords: JsonObject;
}

export interface PatchStrategy {
  readonly strategies: readonly string[];
  readonly mergeKey: string | undefined;
}

const NO_PROPERTIES: ReadonlyMap<string, Schema> = new Map();

/** A schema that says nothing, for the parts that a caller does not name. */
export const ANYTHING: Schema = {
  type: undefined,
  format: undefined,
  properties: NO_PROPERTIES,
  additional: undefined,
  items: undefined,
  required: [],
  nullable: true,
  intOrString: false,
  preserveUnknown: true,
  embedded: false,
  listType: 'atomic',
  mapKeys: [],
  atomicMap: false,
  always: false,
  default: undefined,
  patch: undefined,
  goType: undefined,
  keywords: {},
};

/** The schema of member `name`; undefined if the schema does not know it. */
export function memberSchema(schema: Schema, name: string): Schema | undefined {
  const declared = schema.properties.get(name);
  if (declared) return declared;
  if (schema.additional === 'any') return ANYTHING;
  if (schema.additional) return schema.additional;
  return schema.preserveUnknown ? ANYTHING : undefined;
}
