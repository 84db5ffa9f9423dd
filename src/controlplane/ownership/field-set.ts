import { byText, type Draft, isObject, type Json, type JsonObject } from '../json.ts';

/**
 * A set of paths as a tree. Steps are spelled as in `fieldsV1`: `f:name`, `k:{"name":"a"}`, `v:"x"`.
 * `member` says that the path that ends here is in the set; its parts are separate members.
 */
export interface FieldSet {
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

const NO_CHILDREN: ReadonlyMap<string, FieldSet> = new Map();
export const EMPTY: FieldSet = { member: false, children: NO_CHILDREN };
export const LEAF: FieldSet = { member: true, children: NO_CHILDREN };

export const isEmpty = (set: FieldSet): boolean => !set.member && set.children.size === 0;

/** A node with those children that hold anything. */
export function node(member: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet {
  return { member, children: new Map([...children].filter(([, child]) => !isEmpty(child))) };
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(left)) return right;
  if (isEmpty(right)) return left;
  const children = new Map(left.children);
  for (const [step, child] of right.children) children.set(step, union(children.get(step) ?? EMPTY, child));
  return { member: left.member || right.member, children };
}

/** Members of `left` that are not members of `right`. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmpty(right)) return left;
  const children = [...left.children].map(
    ([step, child]) => [step, difference(child, right.children.get(step) ?? EMPTY)] as const,
  );
  return node(left.member && !right.member, children);
}

export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  const children = [...left.children].map(
    ([step, child]) => [step, intersection(child, right.children.get(step) ?? EMPTY)] as const,
  );
  return node(left.member && right.member, children);
}

/** `set` without everything at and below `path`. */
export function without(set: FieldSet, path: readonly string[]): FieldSet {
  const [step, ...rest] = path;
  if (step === undefined) return EMPTY;
  const child = set.children.get(step);
  if (!child) return set;
  return node(
    set.member,
    [...set.children].map(([name, inner]) => [name, name === step ? without(child, rest) : inner] as const),
  );
}

/** Only what is at and below `path`. */
export function within(set: FieldSet, path: readonly string[]): FieldSet {
  const [step, ...rest] = path;
  if (step === undefined) return set;
  const child = set.children.get(step);
  return child ? node(false, [[step, within(child, rest)]]) : EMPTY;
}

/** `fieldsV1` of a managedFields entry. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const written: Draft = {};
  if (set.member) written['.'] = {};
  for (const [step, child] of [...set.children].sort(([left], [right]) => byText(left, right))) {
    written[step] = child.children.size === 0 ? {} : toFieldsV1(child);
  }
  return written;
}

export function fromFieldsV1(value: Json | undefined): FieldSet {
  if (!isObject(value)) return EMPTY;
  return readNode(value, false);
}

function readNode(value: JsonObject, member: boolean): FieldSet {
  const children = Object.entries(value).flatMap(([step, inner]) => {
    if (step === '.' || !isObject(inner)) return [];
    const leaf = Object.keys(inner).length === 0;
    return [[step, leaf ? LEAF : readNode(inner, Object.hasOwn(inner, '.'))] as const];
  });
  return node(member || Object.hasOwn(value, '.'), children);
}

/** Member paths as conflicts name them: `.spec.containers[name="a"].image`. */
export function memberPaths(set: FieldSet, prefix = ''): readonly string[] {
  const own = set.member ? [prefix] : [];
  const below = [...set.children]
    .sort(([left], [right]) => byText(left, right))
    .flatMap(([step, child]) => memberPaths(child, prefix + shownStep(step)));
  return [...own, ...below];
}

function shownStep(step: string): string {
  const text = step.slice(2);
  if (step.startsWith('f:')) return `.${text}`;
  if (!step.startsWith('k:')) return `[${step.startsWith('v:') ? `=${text}` : text}]`;
  const keys: unknown = JSON.parse(text);
  return `[${shownKeys(isObject(keys) ? keys : {})}]`;
}

/** The keys of a list item, as `name="a",port=80`. */
export const shownKeys = (keys: JsonObject): string =>
  Object.entries(keys)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',');
