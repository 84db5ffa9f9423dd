import { canonical, equal, isList, isObject, type Json, type JsonObject } from '../json.ts';
import { ANYTHING, memberSchema, type Schema } from '../schema/schema.ts';
import { identityOf } from '../schema/validate.ts';
import { EMPTY, type FieldSet, LEAF, node } from './field-set.ts';

/** How a value is owned: as one piece, member by member, or item by item. */
export type Shape = 'leaf' | 'map' | 'list';

export function shapeOf(value: Json | undefined, schema: Schema): Shape {
  if (isObject(value)) return schema.atomicMap ? 'leaf' : 'map';
  if (isList(value)) return schema.listType === 'atomic' ? 'leaf' : 'list';
  return 'leaf';
}

/** The step of a list item: its keys in a map, its value in a set. */
export function stepOf(item: Json, schema: Schema): string {
  const identity = identityOf(item, schema) ?? item;
  return `${schema.listType === 'map' ? 'k' : 'v'}:${canonical(identity)}`;
}

export const innerSchema = (schema: Schema, name: string): Schema => memberSchema(schema, name) ?? ANYTHING;
export const itemSchema = (schema: Schema): Schema => schema.items ?? ANYTHING;

/** What an applied configuration claims: every leaf that it names. */
export function fieldsOf(value: Json, schema: Schema): FieldSet {
  if (isObject(value) && shapeOf(value, schema) === 'map') {
    return node(
      false,
      Object.entries(value).map(([name, member]) => [`f:${name}`, claimed(member, name, schema)] as const),
    );
  }
  if (isList(value) && shapeOf(value, schema) === 'list') {
    return node(
      false,
      value.map((item) => {
        const inner = fieldsOf(item, itemSchema(schema));
        return [stepOf(item, schema), { member: true, children: inner.children }] as const;
      }),
    );
  }
  return LEAF;
}

function claimed(member: Json, name: string, schema: Schema): FieldSet {
  const inner = fieldsOf(member, innerSchema(schema, name));
  const hollow = member === null || (isObject(member) && Object.keys(member).length === 0);
  // A key of a free map is claimed itself, a declared field only through its leaves.
  return hollow || !schema.properties.has(name) ? { member: true, children: inner.children } : inner;
}

export interface Difference {
  readonly added: FieldSet;
  readonly removed: FieldSet;
  readonly modified: FieldSet;
}

const NOTHING: Difference = { added: EMPTY, removed: EMPTY, modified: EMPTY };

/**
 * What changed between two states of a value, leaf by leaf. A struct that the server always has is not itself added
 * with its content, unless what holds it is new.
 */
export function compare(before: Json | undefined, after: Json | undefined, schema: Schema, held = true): Difference {
  if (before === undefined && after === undefined) return NOTHING;
  if (before !== undefined && after !== undefined && equal(before, after)) return NOTHING;
  const always = schema.always && held;
  const inner = compareParts(before, after, schema, always || (before !== undefined && after !== undefined));
  if (!inner) return always && isHollow(before) && isHollow(after) ? NOTHING : leafDifference(before, after);
  if (always) return inner;
  if (before === undefined) return { ...inner, added: { member: true, children: inner.added.children } };
  if (after === undefined) return { ...inner, removed: { member: true, children: inner.removed.children } };
  return inner;
}

const isHollow = (value: Json | undefined): boolean =>
  value === undefined || value === null || (isObject(value) && Object.keys(value).length === 0);

function leafDifference(before: Json | undefined, after: Json | undefined): Difference {
  if (before === undefined) return { ...NOTHING, added: LEAF };
  if (after === undefined) return { ...NOTHING, removed: LEAF };
  return { ...NOTHING, modified: LEAF };
}

function compareParts(
  before: Json | undefined,
  after: Json | undefined,
  schema: Schema,
  held: boolean,
): Difference | undefined {
  // A null beside a collection is an empty one.
  const values = [before, after].filter((value) => value !== undefined && value !== null);
  const shapes = values.map((value) => shapeOf(value, schema));
  if (shapes.length === 0) return undefined;
  if (shapes.every((shape) => shape === 'map')) {
    const left = isObject(before) ? before : {};
    const right = isObject(after) ? after : {};
    if (Object.keys(left).length === 0 && Object.keys(right).length === 0) return undefined;
    return gather(membersOf(left), membersOf(right), (step) => innerSchema(schema, step.slice(2)), held);
  }
  if (shapes.every((shape) => shape === 'list')) {
    const left = isList(before) ? before : [];
    const right = isList(after) ? after : [];
    if (left.length === 0 && right.length === 0) return undefined;
    return gather(itemsOf(left, schema), itemsOf(right, schema), () => itemSchema(schema), held);
  }
  return undefined;
}

const membersOf = (value: JsonObject): ReadonlyMap<string, Json> =>
  new Map(Object.entries(value).map(([name, member]) => [`f:${name}`, member]));

export const itemsOf = (list: readonly Json[], schema: Schema): ReadonlyMap<string, Json> =>
  new Map(list.map((item) => [stepOf(item, schema), item]));

function gather(
  before: ReadonlyMap<string, Json>,
  after: ReadonlyMap<string, Json>,
  schemaOf: (step: string) => Schema,
  held: boolean,
): Difference {
  const steps = [...new Set([...before.keys(), ...after.keys()])];
  const parts = steps.map((step) => [step, compare(before.get(step), after.get(step), schemaOf(step), held)] as const);
  const pick = (side: keyof Difference): FieldSet =>
    node(
      false,
      parts.map(([step, part]) => [step, part[side]] as const),
    );
  return { added: pick('added'), removed: pick('removed'), modified: pick('modified') };
}
