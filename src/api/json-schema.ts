import { z } from 'zod';
import { KINDS } from './parse.ts';
import { specAliases } from './spelling.ts';

/** A JSON Schema as plain data. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/**
 * The JSON Schema (draft 2020-12) of a kind, for editors: what validation accepts, except rules over several fields.
 * Other spellings of a field are accepted too, marked as deprecated so that an editor offers the canonical one.
 */
export function jsonSchema(kind: keyof typeof KINDS): JsonSchema {
  const { $schema, ...schema } = declaredSchema(kind);
  return {
    $schema,
    $id: `https://lattice.dev/schemas/${kind === 'PeeringConnectivity' ? 'v1' : 'v1alpha1'}/${kind}.json`,
    title: kind,
    ...withAliases(schema, kind),
  };
}

/** As {@link jsonSchema}, but with the canonical spellings alone. */
export function declaredSchema(kind: keyof typeof KINDS): JsonSchema {
  return z.toJSONSchema(KINDS[kind], { target: 'draft-2020-12', io: 'input', reused: 'inline' });
}

function withAliases(schema: JsonSchema, kind: string): JsonSchema {
  const { properties } = schema;
  if (!isSchema(properties) || !isSchema(properties['spec']) || !isSchema(properties['spec']['properties']))
    return schema;
  const spec = properties['spec']['properties'];
  const aliases = Object.entries(specAliases(kind)).map(([alias, name]): [string, JsonSchema] => [
    alias,
    { ...(isSchema(spec[name]) ? spec[name] : {}), description: `Other spelling of ${name}.`, deprecated: true },
  ]);
  return {
    ...schema,
    properties: {
      ...properties,
      spec: { ...properties['spec'], properties: { ...spec, ...Object.fromEntries(aliases) } },
    },
  };
}

/** Whether a part of a schema is a schema itself (or a map of them). */
export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
