// What a typed server cannot even read, in the words of its decoders: 400, not 422.
import { isList, isObject, type Json, type JsonObject } from '../json.ts';
import { formatIsValid } from '../schema/formats.ts';
import { memberSchema, type Schema } from '../schema/schema.ts';
import { timeError } from './parse-time.ts';

/** What is wrong with the type of some value, as the JSON decoder says it. @param name the type's own name. */
export function typeError(object: JsonObject, schema: Schema, name: string): string | undefined {
  const wrong = firstMismatch(object, schema, '', name);
  if (!wrong) return undefined;
  if (wrong.badByte !== undefined) return `illegal base64 data at input byte ${wrong.badByte}`;
  if (wrong.layout !== undefined && typeof wrong.value === 'string') return timeError(wrong.value, wrong.layout);
  return unreadable(wrong);
}

/** The same, as the server says it where it converts values and not text: after a strategic merge and an apply. */
export function restoreError(object: JsonObject, schema: Schema): string | undefined {
  const wrong = firstMismatch(object, schema, '', '');
  if (!wrong) return undefined;
  if (wrong.badByte !== undefined)
    return `error decoding from json: illegal base64 data at input byte ${wrong.badByte}`;
  if (wrong.layout !== undefined)
    return typeof wrong.value === 'string'
      ? timeError(wrong.value, wrong.layout)
      : `json: cannot unmarshal ${jsonType(wrong.value)} into Go value of type string`;
  const from = valueType(wrong.value);
  switch (wrong.kind) {
    case 'map':
      return `cannot restore map from ${from}`;
    case 'slice':
      return `cannot restore slice from ${from}`;
    case 'struct':
      return `cannot restore struct from: ${from}`;
    default:
      return CONVERTIBLE[from] === wrong.kind.replace(/\d+$/, '')
        ? `cannot convert ${from} to ${wrong.wanted}`
        : `unrecognized type: ${wrong.kind}`;
  }
}

/** What Go could convert, and its converter refuses by name. */
const CONVERTIBLE: Readonly<Record<string, string>> = { int64: 'string', float64: 'int' };

/** A number says itself where only its size or its fraction is wrong. */
function unreadable({ value, struct, path, wanted }: Mismatch): string {
  const fraction = typeof value === 'number' && wanted.startsWith('int') ? ` ${value}` : '';
  return `json: cannot unmarshal ${jsonType(value)}${fraction} into Go struct field ${struct}.${throughEmbedded(struct, path)} of type ${wanted}`;
}

/** The server's type of a webhook's rule embeds another one, which its decoder names. */
const throughEmbedded = (struct: string, path: string): string =>
  struct === 'RuleWithOperations' ? path.replace(/\.(apiGroups|apiVersions|resources|scope)$/, '.Rule.$1') : path;

export const jsonType = (value: Json): string =>
  isList(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;

function valueType(value: Json): string {
  if (isList(value)) return 'slice';
  if (isObject(value)) return 'map';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

interface Mismatch {
  readonly value: Json;
  /** As the JSON decoder says it: without the members of maps and the items of lists. */
  readonly path: string;
  /** The innermost structure that the path leads through. */
  readonly struct: string;
  readonly wanted: string;
  readonly kind: string;
  /** Where base64 stops being base64. */
  readonly badByte?: number;
  /** How a time should have been written. */
  readonly layout?: string;
}

function firstMismatch(value: Json, schema: Schema, path: string, struct: string): Mismatch | undefined {
  if (value === null) return undefined;
  const at = { value, path, struct, kind: '', wanted: '' };
  const layout = LAYOUTS[schema.goType ?? ''];
  if (layout !== undefined) {
    const fits = typeof value === 'string' && timeError(value, layout) === undefined;
    return fits ? undefined : { ...at, layout, wanted: 'string' };
  }
  const wanted = wantedType(schema);
  if (wanted && !wanted.takes.includes(jsonType(value))) {
    return { ...at, wanted: schema.goType ?? wanted.name, kind: wanted.name };
  }
  if (wanted?.whole === true && typeof value === 'number' && !isWhole(value, wanted.name)) {
    return { ...at, wanted: wanted.name, kind: wanted.name };
  }
  if (schema.format === 'byte') return badBytes(value, at);
  if (isList(value)) {
    const { items } = schema;
    return items && firstOf(value.map((item) => [item, items, path, struct] as const));
  }
  if (!isObject(value)) return undefined;
  return firstOf(
    Object.entries(value).flatMap(([name, member]) => {
      const inner = memberSchema(schema, name);
      const isMap = schema.additional !== undefined;
      const holder = isMap ? struct : (schema.goType?.split('.').at(-1) ?? struct);
      const below = isMap || path === '' ? path || name : `${path}.${name}`;
      return inner ? [[member, inner, below, holder] as const] : [];
    }),
  );
}

/** Bytes are base64 or a list of numbers. */
function badBytes(value: Json, at: Mismatch): Mismatch | undefined {
  if (isList(value)) {
    const item = value.find((byte) => byte !== null && typeof byte !== 'number');
    return item === undefined ? undefined : { ...at, value: item, wanted: 'uint8', kind: 'uint8' };
  }
  if (typeof value !== 'string' || formatIsValid('byte', value)) return undefined;
  return { ...at, badByte: Math.max(value.search(/[^A-Za-z0-9+/]/), 0) };
}

const LAYOUTS: Readonly<Record<string, string>> = {
  'v1.Time': '2006-01-02T15:04:05Z07:00',
  'v1.MicroTime': '2006-01-02T15:04:05.000000Z07:00',
};

const isWhole = (value: number, type: string): boolean =>
  Number.isInteger(value) && (type !== 'int32' || value === (value | 0));

function firstOf(parts: readonly (readonly [Json, Schema, string, string])[]): Mismatch | undefined {
  for (const [value, schema, path, struct] of parts) {
    const wrong = firstMismatch(value, schema, path, struct);
    if (wrong) return wrong;
  }
  return undefined;
}

interface Wanted {
  readonly name: string;
  readonly takes: readonly string[];
  readonly whole?: true;
}

function wantedType(schema: Schema): Wanted | undefined {
  switch (schema.type) {
    case 'string':
      return schema.format === 'byte'
        ? { name: 'slice', takes: ['string', 'array'] }
        : { name: 'string', takes: ['string'] };
    case 'boolean':
      return { name: 'bool', takes: ['bool'] };
    case 'integer':
      return { name: schema.format ?? 'int64', takes: ['number'], whole: true };
    case 'number':
      return { name: 'float64', takes: ['number'] };
    case 'array':
      return { name: 'slice', takes: ['array'] };
    case 'object':
      return { name: schema.additional === undefined ? 'struct' : 'map', takes: ['object'] };
    case undefined:
      return undefined;
  }
}
