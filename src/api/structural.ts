import { isSchema, type JsonSchema } from './json-schema.ts';

/** Bounds for what a schema leaves open: the API server charges a rule for the largest object that fits. */
const LIMITS = { string: 65_536, list: 4096, map: 1024 } as const;

/**
 * A JSON Schema (draft 2020-12, as zod writes it) as the structural OpenAPI v3 schema of a CRD: every part has a type,
 * unknown fields are pruned instead of refused, unions are said with what Kubernetes has for them.
 * Throws with the path for what has no structural form: that is a defect of the schema, not of a user's input.
 */
export function structural(schema: JsonSchema, path = ''): JsonSchema {
  const { anyOf, ...rest } = schema;
  if (Array.isArray(anyOf)) {
    const arms = anyOf.filter(isSchema);
    const present = arms.filter((arm) => arm['type'] !== 'null');
    const [only] = present;
    const said = only && present.length === 1 ? structural(only, path) : union(present, path);
    return described(schema, present.length < arms.length ? { ...said, nullable: true } : said);
  }
  switch (rest['type']) {
    case 'object':
      return described(schema, object(rest, path));
    case 'array':
      if (!isSchema(rest['items'])) throw new Error(`${path}: a list without items has no structural form`);
      return described(schema, {
        type: 'array',
        ...pick(rest, ['minItems']),
        maxItems: rest['maxItems'] ?? LIMITS.list,
        items: structural(rest['items'], `${path}[]`),
      });
    case 'string':
      return described(schema, text(schema));
    case 'integer':
      return described(schema, { type: 'integer', ...bounds(rest) });
    case 'number':
      return described(schema, { type: 'number', ...bounds(rest) });
    case 'boolean':
      return described(schema, { type: 'boolean' });
    default:
      if (rest['const'] !== undefined && typeof rest['const'] === 'string') return described(schema, text(schema));
      throw new Error(`${path}: ${JSON.stringify(schema).slice(0, 120)} has no structural form`);
  }
}

function object(schema: JsonSchema, path: string): JsonSchema {
  const { properties, additionalProperties, propertyNames } = schema;
  const fields = isSchema(properties) ? Object.entries(properties) : [];
  const open = isSchema(additionalProperties) && Object.keys(additionalProperties).length === 0;
  if (fields.length > 0 || open || additionalProperties === false) {
    return {
      type: 'object',
      ...(open ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
      ...(fields.length > 0
        ? {
            properties: Object.fromEntries(
              fields.map(([name, field]) => [name, structural(isSchema(field) ? field : {}, `${path}.${name}`)]),
            ),
          }
        : {}),
      ...(Array.isArray(schema['required']) ? { required: schema['required'] } : {}),
    };
  }
  if (!isSchema(additionalProperties)) throw new Error(`${path}: a map without values has no structural form`);
  const longest = isSchema(propertyNames) ? propertyNames['maxLength'] : undefined;
  return {
    type: 'object',
    maxProperties: LIMITS.map,
    additionalProperties: structural(additionalProperties, `${path}{}`),
    ...(typeof longest === 'number'
      ? rules({ rule: `self.all(key, size(key) <= ${longest})`, message: `keys have at most ${longest} characters` })
      : {}),
  };
}

/**
 * Whole numbers or text become int-or-string; texts are joined; maps of one field each become one map of which one
 * field is written; numbers with a fraction or text stay unjudged.
 */
function union(arms: readonly JsonSchema[], path: string): JsonSchema {
  const types = new Set(arms.map((arm) => (typeof arm['type'] === 'string' ? arm['type'] : typeof arm['const'])));
  if ([...types].every((type) => type === 'string')) {
    const texts = arms.map((arm) => text(arm));
    const lengths = texts.map(({ maxLength }) => (typeof maxLength === 'number' ? maxLength : LIMITS.string));
    const anyOf = texts.map((each) => pick(each, ['minLength', 'pattern', 'enum', 'allOf']));
    return { type: 'string', maxLength: Math.max(...lengths), anyOf };
  }
  if (types.size === 2 && types.has('integer') && types.has('string')) {
    const number = arms.find((arm) => arm['type'] === 'integer');
    const word = arms.find((arm) => arm['type'] === 'string') ?? {};
    const least = number?.['minimum'];
    const most = number?.['maximum'];
    return {
      'x-kubernetes-int-or-string': true,
      ...pick(text(word), ['minLength', 'maxLength', 'pattern', 'enum', 'allOf']),
      ...(typeof least === 'number' && typeof most === 'number'
        ? rules({
            rule: `type(self) != int || (self >= ${least} && self <= ${most})`,
            message: `a number from ${least} to ${most}, or a name`,
          })
        : {}),
    };
  }
  const fields = arms.map((arm) => onlyField(arm));
  if (fields.every((each) => each !== undefined)) {
    const properties = fields.map(([name, field]) => [name, structural(field, `${path}.${name}`)]);
    return { type: 'object', properties: Object.fromEntries(properties), minProperties: 1, maxProperties: 1 };
  }
  if (types.size === 2 && types.has('number') && types.has('string')) {
    return { 'x-kubernetes-preserve-unknown-fields': true };
  }
  throw new Error(`${path}: a union of ${[...types].join(' and ')} has no structural form`);
}

/** The field of a map that has exactly one, and must have it. */
function onlyField(arm: JsonSchema): [name: string, field: JsonSchema] | undefined {
  const fields = isSchema(arm['properties']) ? Object.entries(arm['properties']) : [];
  const [first, ...others] = fields;
  const required = Array.isArray(arm['required']) ? arm['required'] : [];
  return first && others.length === 0 && required.includes(first[0]) && isSchema(first[1])
    ? [first[0], first[1]]
    : undefined;
}

function text(schema: JsonSchema): JsonSchema {
  const { const: constant, allOf } = schema;
  const patterns = Array.isArray(allOf) ? allOf.filter(isSchema).map((part) => pick(part, ['pattern'])) : [];
  if (typeof constant === 'string') return { type: 'string', maxLength: constant.length, enum: [constant] };
  if (Array.isArray(schema['enum'])) {
    const longest = Math.max(...schema['enum'].map((word) => String(word).length));
    return { type: 'string', maxLength: longest, enum: schema['enum'] };
  }
  return {
    type: 'string',
    ...pick(schema, ['minLength']),
    maxLength: schema['maxLength'] ?? LIMITS.string,
    ...pick(schema, ['pattern']),
    ...(patterns.length > 0 ? { allOf: patterns } : {}),
  };
}

/** Validation rules in CEL. */
export function rules(...list: readonly { readonly rule: string; readonly message: string }[]): JsonSchema {
  return { 'x-kubernetes-validations': list };
}

/**
 * A field's name inside of a CEL rule: reserved words and signs that CEL has no identifiers for are escaped as the
 * API server escapes them.
 */
export function celField(name: string): string {
  if (CEL_WORDS.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

const CEL_WORDS = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

function bounds(schema: JsonSchema): JsonSchema {
  const { minimum, maximum } = schema;
  return {
    ...(typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER ? { minimum } : {}),
    ...(typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? { maximum } : {}),
  };
}

function described(from: JsonSchema, to: JsonSchema): JsonSchema {
  return typeof from['description'] === 'string' ? { description: from['description'], ...to } : to;
}

function pick(from: JsonSchema, keywords: readonly string[]): JsonSchema {
  return Object.fromEntries(
    keywords.flatMap((keyword) => (from[keyword] === undefined ? [] : [[keyword, from[keyword]]])),
  );
}
