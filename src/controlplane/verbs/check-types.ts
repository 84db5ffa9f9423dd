// What a typed server cannot even read, in the words of its decoders: 400, not 422.
import { isList, isObject, type Json, type JsonObject } from '../json.ts';
import { formatIsValid } from '../schema/formats.ts';
import { memberSchema, type Schema } from '../schema/schema.ts';

/** What is wrong with the type of some value, as the JSON decoder says it. @param name the type's own name. */
export function typeError(object: JsonObject, schema: Schema, name: string): string | undefined {
  const wrong = firstMismatch(object, schema, '', name);
  if (!wrong) return undefined;
  if (wrong.badByte !== undefined) return `illegal base64 data at input byte ${wrong.badByte}`;
  if (wrong.layout !== undefined) return timeError(wrong);
  return `json: cannot unmarshal ${jsonType(wrong.value)} into Go struct field ${wrong.struct}.${wrong.path} of type ${wrong.wanted}`;
}

/** The same, as the server says it after a strategic merge, which it does on values and not on text. */
export function restoreError(object: JsonObject, schema: Schema): string | undefined {
  const wrong = firstMismatch(object, schema, '', '');
  if (!wrong) return undefined;
  if (wrong.badByte !== undefined) return `illegal base64 data at input byte ${wrong.badByte}`;
  if (wrong.layout !== undefined) return timeError(wrong);
  const from = valueType(wrong.value);
  switch (wrong.kind) {
    case 'map':
      return `cannot restore map from ${from}`;
    case 'slice':
      return `cannot restore slice from ${from}`;
    case 'struct':
      return `cannot restore struct from: ${from}`;
    default:
      return `unrecognized type: ${wrong.kind}`;
  }
}

/** The same, as server-side apply says it. */
export function typedError(object: JsonObject, schema: Schema): string | undefined {
  const wrong = firstMismatch(object, schema, '', '');
  if (!wrong || wrong.layout !== undefined || wrong.badByte !== undefined) return undefined;
  const expected = TYPED[wrong.kind] ?? 'numeric';
  const shown =
    wrong.kind === 'string' || wrong.kind === 'bool'
      ? `value.valueUnstructured{Value:${goValue(wrong.value)}}`
      : `{${plainGo(wrong.value)}}`;
  return `${wrong.place}: expected ${expected}, got &${shown}`;
}

const TYPED: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'boolean',
  slice: 'list',
  map: 'map',
  struct: 'map',
};

function goValue(value: Json): string {
  if (isList(value)) return `[]interface {}{${value.map(goMember).join(', ')}}`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${goMember(member)}`);
  return `map[string]interface {}{${members.join(', ')}}`;
}

/** As Go prints it without its type. */
function plainGo(value: Json): string {
  if (value === null) return '<nil>';
  if (isList(value)) return `[${value.map(plainGo).join(' ')}]`;
  if (!isObject(value)) return String(value);
  return `map[${Object.entries(value)
    .map(([name, member]) => `${name}:${plainGo(member)}`)
    .join(' ')}]`;
}

const goMember = (value: Json): string => (value === null ? 'interface {}(nil)' : goValue(value));

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
  /** In full. */
  readonly place: string;
  /** The innermost structure that the path leads through. */
  readonly struct: string;
  readonly wanted: string;
  readonly kind: string;
  /** Where base64 stops being base64. */
  readonly badByte?: number;
  /** How a time should have been written. */
  readonly layout?: string;
}

function timeError({ value, layout = '' }: Mismatch): string {
  if (typeof value !== 'string') return `json: cannot unmarshal ${jsonType(value)} into Go value of type string`;
  const text = JSON.stringify(value);
  return `parsing time ${text} as "${layout}": cannot parse ${text} as "2006"`;
}

function firstMismatch(value: Json, schema: Schema, path: string, struct: string, place = ''): Mismatch | undefined {
  if (value === null) return undefined;
  const at = { value, path, place, struct, kind: '', wanted: '' };
  const layout = LAYOUTS[schema.goType ?? ''];
  if (layout !== undefined) {
    return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? undefined : { ...at, layout };
  }
  const wanted = wantedType(schema);
  if (wanted && !wanted.takes.includes(jsonType(value))) {
    return { ...at, wanted: schema.goType ?? wanted.name, kind: wanted.name };
  }
  if (wanted?.whole === true && typeof value === 'number' && !Number.isInteger(value)) {
    return { ...at, wanted: wanted.name, kind: wanted.name };
  }
  if (schema.format === 'byte' && typeof value === 'string' && !formatIsValid('byte', value)) {
    return { ...at, badByte: Math.max(value.search(/[^A-Za-z0-9+/]/), 0) };
  }
  if (isList(value)) {
    const { items } = schema;
    return items && firstOf(value.map((item, index) => [item, items, path, struct, `${place}[${index}]`] as const));
  }
  if (!isObject(value)) return undefined;
  return firstOf(
    Object.entries(value).flatMap(([name, member]) => {
      const inner = memberSchema(schema, name);
      const isMap = schema.additional !== undefined;
      const holder = isMap ? struct : (schema.goType?.split('.').at(-1) ?? struct);
      const below = isMap || path === '' ? path || name : `${path}.${name}`;
      return inner ? [[member, inner, below, holder, `${place}.${name}`] as const] : [];
    }),
  );
}

const LAYOUTS: Readonly<Record<string, string>> = {
  'v1.Time': '2006-01-02T15:04:05Z07:00',
  'v1.MicroTime': '2006-01-02T15:04:05.000000Z07:00',
};

function firstOf(parts: readonly (readonly [Json, Schema, string, string, string])[]): Mismatch | undefined {
  for (const [value, schema, path, struct, place] of parts) {
    const wrong = firstMismatch(value, schema, path, struct, place);
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
      return { name: schema.format === 'byte' ? 'slice' : 'string', takes: ['string'] };
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
