// What the API server does with a stored object's fields: drop the unknown ones, fill defaults, validate the rest.

/** One node of a structural schema; only the keywords that policy kinds use. */
export type Shape =
  | {
      readonly kind: 'string';
      readonly pattern?: RegExp;
      readonly minLength?: number;
      readonly maxLength?: number;
      readonly oneOf?: readonly string[];
      readonly check?: (text: string) => boolean;
    }
  | { readonly kind: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly kind: 'boolean' }
  /** Kept as it is, whatever it is. */
  | { readonly kind: 'any' }
  | { readonly kind: 'integerOrString'; readonly pattern?: RegExp }
  | {
      readonly kind: 'list';
      readonly items: Shape;
      readonly minItems?: number;
      readonly maxItems?: number;
      readonly unique?: boolean;
    }
  | { readonly kind: 'map'; readonly values: Shape }
  | {
      readonly kind: 'object';
      readonly fields: Readonly<Record<string, Shape>>;
      readonly required?: readonly string[];
      /** Exactly one of these must be present. */
      readonly exactlyOne?: readonly string[];
      /** At least one of these must be present. */
      readonly atLeastOne?: readonly string[];
      /** Values of fields that are absent. */
      readonly fallbacks?: Readonly<Record<string, unknown>>;
      readonly check?: (value: Readonly<Record<string, unknown>>) => string | undefined;
    };

/** The object as it would be stored, with what was dropped on the way and why it would be refused. */
export interface Coerced {
  readonly value: unknown;
  /** Paths of fields that the API server drops without a word, sorted. */
  readonly pruned: readonly string[];
  readonly errors: readonly string[];
}

/**
 * Coerces `value` to `shape` as a create request with `fieldValidation=Ignore` would; never throws.
 * `nulls` says what a null inside a list means: custom resources refuse it, typed (Go) kinds read an empty value.
 */
export function coerce(value: unknown, shape: Shape, path: string, nulls: 'refused' | 'empty'): Coerced {
  const walk: Walk = { pruned: [], errors: [], nulls };
  const stored = coerceNode(value, shape, path, walk);
  return { value: stored, pruned: walk.pruned.toSorted(byCodePoint), errors: walk.errors };
}

/** True for plain JSON objects. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Walk {
  readonly pruned: string[];
  readonly errors: string[];
  readonly nulls: 'refused' | 'empty';
}

/** Recursion ends with the shape, which is finite however deep the value is. */
function coerceNode(value: unknown, shape: Shape, path: string, walk: Walk): unknown {
  switch (shape.kind) {
    case 'string':
      return coerceString(value, shape, path, walk);
    case 'integer':
      return coerceInteger(value, shape, path, walk);
    case 'any':
      return value;
    case 'boolean':
      return typeof value === 'boolean' ? value : fail(walk, path, 'must be a boolean');
    case 'integerOrString':
      return coerceIntegerOrString(value, shape, path, walk);
    case 'list':
      return coerceList(value, shape, path, walk);
    case 'map':
      return coerceMap(value, shape, path, walk);
    case 'object':
      return coerceObject(value, shape, path, walk);
  }
}

function coerceString(value: unknown, shape: Shape & { kind: 'string' }, path: string, walk: Walk): unknown {
  if (typeof value !== 'string') return fail(walk, path, 'must be a string');
  const length = shape.minLength === undefined && shape.maxLength === undefined ? 0 : Array.from(value).length;
  if (shape.minLength !== undefined && length < shape.minLength)
    fail(walk, path, `must have at least ${shape.minLength} characters`);
  if (shape.maxLength !== undefined && length > shape.maxLength)
    fail(walk, path, `must have at most ${shape.maxLength} characters`);
  if (shape.oneOf && !shape.oneOf.includes(value)) fail(walk, path, `must be one of ${shape.oneOf.join(', ')}`);
  if (shape.pattern && !shape.pattern.test(value)) fail(walk, path, `must match ${shape.pattern.source}`);
  if (shape.check && !shape.check(value)) fail(walk, path, 'has the wrong format');
  return value;
}

function coerceInteger(value: unknown, shape: Shape & { kind: 'integer' }, path: string, walk: Walk): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value)) return fail(walk, path, 'must be an integer');
  if (value < shape.minimum || value > shape.maximum)
    fail(walk, path, `must be between ${shape.minimum} and ${shape.maximum}`);
  return value;
}

function coerceIntegerOrString(
  value: unknown,
  shape: Shape & { kind: 'integerOrString' },
  path: string,
  walk: Walk,
): unknown {
  // A pattern beside x-kubernetes-int-or-string constrains the strings only.
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value !== 'string') return fail(walk, path, 'must be an integer or a string');
  if (shape.pattern && !shape.pattern.test(value)) fail(walk, path, `must match ${shape.pattern.source}`);
  return value;
}

function coerceList(value: unknown, shape: Shape & { kind: 'list' }, path: string, walk: Walk): unknown {
  if (!Array.isArray(value)) return fail(walk, path, 'must be a list');
  if (shape.maxItems !== undefined && value.length > shape.maxItems)
    fail(walk, path, `must have at most ${shape.maxItems} items`);
  if (shape.minItems !== undefined && value.length < shape.minItems)
    fail(walk, path, `must have at least ${shape.minItems} items`);
  const items: unknown[] = value.map((item: unknown, index) => {
    const given = item === null && walk.nulls === 'empty' ? emptyOf(shape.items) : item;
    return coerceNode(given, shape.items, `${path}[${index}]`, walk);
  });
  if (shape.unique && new Set(items).size < items.length) fail(walk, path, 'must not have duplicates');
  return items;
}

function coerceMap(value: unknown, shape: Shape & { kind: 'map' }, path: string, walk: Walk): unknown {
  if (!isRecord(value)) return fail(walk, path, 'must be an object');
  const entries: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    // Nulls are dropped, which may widen a selector; undefined is how JavaScript spells absence.
    if (item === undefined || (item === null && walk.nulls === 'refused')) continue;
    const given = item === null ? emptyOf(shape.values) : item;
    entries.push([key, coerceNode(given, shape.values, join(path, key), walk)]);
  }
  return Object.fromEntries(entries);
}

function coerceObject(value: unknown, shape: Shape & { kind: 'object' }, path: string, walk: Walk): unknown {
  if (!isRecord(value)) return fail(walk, path, 'must be an object');
  const entries: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const field = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (field === undefined) walk.pruned.push(join(path, key));
    else if (item !== null) entries.push([key, coerceNode(item, field, join(path, key), walk)]);
  }
  for (const [key, fallback] of Object.entries(shape.fallbacks ?? {}))
    if (!entries.some(([other]) => other === key)) entries.push([key, fallback]);
  const stored = Object.fromEntries(entries);
  checkPresence(shape, stored, path, walk);
  const complaint = shape.check?.(stored);
  if (complaint !== undefined) fail(walk, path, complaint);
  return stored;
}

function checkPresence(shape: Shape & { kind: 'object' }, stored: object, path: string, walk: Walk): void {
  const { required, exactlyOne, atLeastOne } = shape;
  if (required) for (const key of required) if (!Object.hasOwn(stored, key)) fail(walk, join(path, key), 'is required');
  if (exactlyOne && exactlyOne.filter((key) => Object.hasOwn(stored, key)).length !== 1)
    fail(walk, path, `must have exactly one of ${exactlyOne.join(', ')}`);
  if (atLeastOne && !atLeastOne.some((key) => Object.hasOwn(stored, key)))
    fail(walk, path, `must have at least one of ${atLeastOne.join(', ')}`);
}

/** What a Go decoder makes of a null list item. */
function emptyOf(shape: Shape): unknown {
  switch (shape.kind) {
    case 'string':
      return '';
    case 'integer':
    case 'integerOrString':
      return 0;
    case 'boolean':
      return false;
    case 'any':
      return null;
    case 'list':
      return [];
    case 'map':
    case 'object':
      return {};
  }
}

function fail(walk: Walk, path: string, problem: string): undefined {
  walk.errors.push(`${path} ${problem}`);
  return undefined;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
