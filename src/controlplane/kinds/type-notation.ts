import { type Json, type JsonObject, parseJson } from '../json.ts';
import type { PatchStrategy, Schema } from '../schema/schema.ts';
import { ANYTHING } from '../schema/schema.ts';

export type TypeTable = Readonly<Record<string, string>>;

/**
 * Reads the compact notation of builtin-types.ts on demand: a type is expanded when it is first asked for, because
 * the types refer to each other (a JSON schema to itself) and a small server touches few of them.
 */
export function createTypes(table: TypeTable): (name: string) => Schema {
  const expanded = new Map<string, Schema>();
  const named = (name: string): Schema => {
    const known = expanded.get(name);
    if (known) return known;
    const line = table[name];
    if (line === undefined) throw new Error(`unknown built-in type ${name}`);
    const schema = structure(name, line, named);
    expanded.set(name, schema);
    return schema;
  };
  return named;
}

/** The fields of a type line, in order. Exported for the OpenAPI document. */
export function fieldsOf(line: string): readonly Field[] {
  return splitFields(line).map(readField);
}

export const isAtomicType = (line: string): boolean => line.startsWith('% ');

export interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly type: string;
  readonly mapKeys: readonly string[];
  readonly set: boolean;
  readonly patch: PatchStrategy | undefined;
  readonly atomic: boolean;
  readonly always: boolean;
  /** Present even when it is zero; other scalars are left out then. */
  readonly pointer: boolean;
  /** Protobuf field number, after those of the messages that it is inlined from. */
  readonly tag: readonly number[];
  readonly default: Json | undefined;
}

const FIELD =
  /^(?<name>[^:!]+)(?<required>!?):(?<type>\??[\w.]+|[[{][^\]}]*[\]}]+|[?*])(?:#(?<tag>[\d.]+))?(?:(?<set>@@)|@(?<keys>[\w,]+))?(?:~(?<strategy>[a-zA-Z,]+)(?:=(?<key>\w+))?)?(?<atomic>%?)(?<always>&?)(?<pointer>\^?)(?:=(?<value>.+))?$/;

const splitFields = (line: string): readonly string[] =>
  (isAtomicType(line) ? line.slice(2) : line).split(' ').filter((text) => text !== '');

function readField(text: string): Field {
  const parts = FIELD.exec(text)?.groups;
  if (!parts?.name || !parts.type) throw new Error(`unreadable field notation ${text}`);
  return {
    name: parts.name,
    required: parts.required === '!',
    type: parts.type,
    mapKeys: parts.keys?.split(',') ?? [],
    set: parts.set !== undefined,
    patch: parts.strategy ? { strategies: parts.strategy.split(','), mergeKey: parts.key } : undefined,
    atomic: parts.atomic === '%',
    always: parts.always === '&',
    pointer: parts.pointer === '^',
    tag: parts.tag?.split('.').map(Number) ?? [],
    default: parts.value === undefined ? undefined : parseJson(parts.value),
  };
}

function structure(name: string, line: string, named: (name: string) => Schema): Schema {
  const fields = fieldsOf(line);
  const properties = new Map<string, Schema>();
  for (const field of fields) properties.set(field.name, fieldSchema(field, name, named));
  return {
    ...ANYTHING,
    type: 'object',
    properties,
    preserveUnknown: false,
    required: fields.filter((field) => field.required).map((field) => field.name),
    atomicMap: isAtomicType(line),
    goType: goTypeOf(name),
  };
}

function fieldSchema(field: Field, holder: string, named: (name: string) => Schema): Schema {
  const listType = field.set ? 'set' : field.mapKeys.length > 0 ? 'map' : 'atomic';
  const extra = {
    listType,
    mapKeys: field.mapKeys,
    patch: field.patch,
    default: field.default,
    always: field.always,
  } as const;
  const own = GO_NAMES[`${holder}.${field.name}`] ?? GO_NAMES[field.name];
  if (!isNamed(field.type)) {
    const known = typeSchema(field.type, named);
    const goType = own ?? goTypeOf(field.type);
    const items = own !== undefined && known.items ? { ...known.items, goType: own.slice(2) } : known.items;
    return { ...known, ...extra, goType, items, atomicMap: field.atomic };
  }
  return lazily(() => ({ ...named(field.type), ...extra, atomicMap: field.atomic || named(field.type).atomicMap }));
}

const SCALARS: Readonly<Record<string, Partial<Schema>>> = {
  s: { type: 'string' },
  i: { type: 'integer', format: 'int32' },
  l: { type: 'integer', format: 'int64' },
  n: { type: 'number' },
  b: { type: 'boolean' },
  t: { type: 'string', format: 'date-time' },
  u: { type: 'string', format: 'date-time' },
  q: { type: undefined, intOrString: true },
  x: { type: undefined, intOrString: true },
  B: { type: 'string', format: 'byte' },
};

export const isNamed = (type: string): boolean => type.includes('.') && !type.startsWith('[') && !type.startsWith('{');

function typeSchema(type: string, named: (name: string) => Schema): Schema {
  const scalar = SCALARS[type];
  if (scalar) return { ...ANYTHING, nullable: false, preserveUnknown: false, goType: goTypeOf(type), ...scalar };
  if (type === '*') return { ...ANYTHING, type: 'object' };
  if (type.startsWith('?')) return ANYTHING;
  const inner = type.slice(1, -1);
  const base: Schema = { ...ANYTHING, preserveUnknown: false, goType: goTypeOf(type) };
  if (type.startsWith('[')) return { ...base, type: 'array', items: lazily(() => typeSchema(inner, named)) };
  if (type.startsWith('{')) return { ...base, type: 'object', additional: lazily(() => typeSchema(inner, named)) };
  return named(type);
}

const GO_SCALARS: Readonly<Record<string, string>> = {
  s: 'string',
  i: 'int32',
  l: 'int64',
  n: 'float64',
  b: 'bool',
  t: 'v1.Time',
  u: 'v1.MicroTime',
  B: '[]uint8',
};

/** Fields whose texts have a type of their own, wherever they are or in one type. */
const GO_NAMES: Readonly<Record<string, string>> = {
  uid: 'types.UID',
  failurePolicy: 'v1.FailurePolicyType',
  matchPolicy: 'v1.MatchPolicyType',
  reinvocationPolicy: 'v1.ReinvocationPolicyType',
  sideEffects: 'v1.SideEffectClass',
  'admissionregistration.v1.RuleWithOperations.operations': '[]v1.OperationType',
  'admissionregistration.v1.RuleWithOperations.scope': 'v1.ScopeType',
  'coordination.v1.LeaseSpec.strategy': 'v1.CoordinatedLeaseStrategy',
  'core.v1.NamespaceSpec.finalizers': '[]v1.FinalizerName',
  'core.v1.NamespaceStatus.phase': 'v1.NamespacePhase',
  'core.v1.Secret.type': 'v1.SecretType',
  'meta.v1.LabelSelectorRequirement.operator': 'v1.LabelSelectorOperator',
  'meta.v1.ManagedFieldsEntry.operation': 'v1.ManagedFieldsOperationType',
};

/** `[rbac.v1.Subject]` is `[]v1.Subject`. */
function goTypeOf(type: string): string | undefined {
  if (type.startsWith('[')) return `[]${goTypeOf(type.slice(1, -1)) ?? ''}`;
  if (type.startsWith('{')) return `map[string]${goTypeOf(type.slice(1, -1)) ?? ''}`;
  if (type.startsWith('apiext.')) return `v1.${type.slice('apiext.'.length)}`;
  return isNamed(type) ? type.slice(type.indexOf('.') + 1) : GO_SCALARS[type];
}

/** A schema that is made when one of its members is first read; it ends the recursion of types that hold themselves. */
function lazily(make: () => Schema): Schema {
  let made: Schema | undefined;
  const get = (): Schema => (made ??= make());
  return {
    get type() {
      return get().type;
    },
    get format() {
      return get().format;
    },
    get properties() {
      return get().properties;
    },
    get additional() {
      return get().additional;
    },
    get items() {
      return get().items;
    },
    get required() {
      return get().required;
    },
    get nullable() {
      return get().nullable;
    },
    get intOrString() {
      return get().intOrString;
    },
    get preserveUnknown() {
      return get().preserveUnknown;
    },
    get embedded() {
      return get().embedded;
    },
    get listType() {
      return get().listType;
    },
    get mapKeys() {
      return get().mapKeys;
    },
    get atomicMap() {
      return get().atomicMap;
    },
    get always() {
      return get().always;
    },
    get default() {
      return get().default;
    },
    get patch() {
      return get().patch;
    },
    get goType() {
      return get().goType;
    },
    get keywords(): JsonObject {
      return get().keywords;
    },
  };
}
