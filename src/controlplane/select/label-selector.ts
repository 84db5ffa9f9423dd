import { byText, isObject, type Json, type JsonObject, listAt, objectAt, plain, textAt, textsAt } from '../json.ts';

/** One condition on the value of one label or field. All conditions of a selector must hold. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'in' | 'notin' | 'exists' | 'absent' | 'above' | 'below';
  readonly values: readonly string[];
}

export type Selector = readonly Requirement[];

/** True if labels satisfy every requirement; an absent label satisfies `notin`. */
export const matchesLabels = (selector: Selector, labels: JsonObject): boolean =>
  selector.every((requirement) => holds(requirement, labels[requirement.key]));

function holds({ operator, values }: Requirement, value: Json | undefined): boolean {
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
    case 'in':
      return typeof value === 'string' && values.includes(value);
    case 'notin':
      return typeof value !== 'string' || !values.includes(value);
    case 'above':
      return Number(value) > Number(values[0]);
    case 'below':
      return Number(value) < Number(values[0]);
  }
}

/** Reads `a=b,c!=d,e in (x,y),!f`; undefined if it is not a selector. */
export function parseLabelSelector(text: string): Selector | undefined {
  const parts = splitOutsideParentheses(text).filter((part) => part !== '');
  const selector = parts.map(parseRequirement);
  return selector.every((item) => item !== undefined) ? selector : undefined;
}

/** Why `text` is no selector, in the server's words. */
export function selectorComplaint(text: string): string {
  for (const part of splitOutsideParentheses(text)) {
    const [, after] = AFTER_VALUE.exec(part) ?? [];
    if (after !== undefined) return `found '${after}', expected: ',' or 'end of string'`;
    const [, word] = AFTER_KEY.exec(part) ?? [];
    if (word !== undefined)
      return `unable to parse requirement: found '${word}', expected: in, notin, =, ==, !=, gt, lt`;
  }
  return `unable to parse requirement: ${text}`;
}

function splitOutsideParentheses(text: string): readonly string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const letter of text) {
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    if (letter === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim());
}

const KEY = String.raw`[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?`;
const VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const SET = new RegExp(String.raw`^(${KEY})\s+(in|notin)\s*\(([^()]*)\)$`);
const COMPARED = new RegExp(String.raw`^(${KEY})\s*(==|=|!=|>|<)\s*(\S*)$`);
const PRESENT = new RegExp(String.raw`^(!?)\s*(${KEY})$`);
const AFTER_VALUE = new RegExp(String.raw`^${KEY}\s*(?:==|=|!=)\s*\S+\s+([^\s,]+)`);
const AFTER_KEY = new RegExp(String.raw`^${KEY}\s+(?!(?:in|notin)\b)([A-Za-z0-9][^\s,]*)`);

function parseRequirement(text: string): Requirement | undefined {
  const set = SET.exec(text);
  if (set?.[1] && set[3] !== undefined) {
    const values = set[3].split(',').map((value) => value.trim());
    if (!values.every((value) => VALUE.test(value))) return undefined;
    return { key: set[1], operator: set[2] === 'in' ? 'in' : 'notin', values };
  }
  const compared = COMPARED.exec(text);
  if (compared?.[1] && compared[3] !== undefined) {
    const operator = OPERATORS[compared[2] ?? ''];
    if (!operator || !VALUE.test(compared[3])) return undefined;
    return { key: compared[1], operator, values: [compared[3]] };
  }
  const present = PRESENT.exec(text);
  if (!present?.[2]) return undefined;
  return { key: present[2], operator: present[1] === '!' ? 'absent' : 'exists', values: [] };
}

const OPERATORS: Readonly<Record<string, Requirement['operator']>> = {
  '=': 'in',
  '==': 'in',
  '!=': 'notin',
  '>': 'above',
  '<': 'below',
};

const EXPRESSION_OPERATORS: Readonly<Record<string, Requirement['operator']>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: 'absent',
};

/** A LabelSelector object (`matchLabels`, `matchExpressions`) as requirements; an empty one selects everything. */
export function readLabelSelector(value: Json | undefined): Selector {
  if (!isObject(value)) return [];
  const labels = Object.entries(objectAt(value, 'matchLabels')).map(
    ([key, wanted]): Requirement => ({
      key,
      operator: 'in',
      values: [plain(wanted)],
    }),
  );
  const expressions = listAt(value, 'matchExpressions').map(
    (item): Requirement => ({
      key: textAt(item, 'key'),
      operator: EXPRESSION_OPERATORS[textAt(item, 'operator')] ?? 'in',
      values: textsAt(item, 'values'),
    }),
  );
  return [...labels, ...expressions];
}

/** A selector as kubectl prints it, keys in order. */
export function formatSelector(value: Json | undefined): string {
  const parts = [...readLabelSelector(value)].sort((left, right) => byText(left.key, right.key)).map(formatRequirement);
  return parts.length === 0 ? '<none>' : parts.join(',');
}

function formatRequirement({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case 'absent':
      return `!${key}`;
    case 'in':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${[...values].sort(byText).join(',')})`;
    case 'notin':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${[...values].sort(byText).join(',')})`;
    case 'above':
      return `${key}>${values[0]}`;
    case 'below':
      return `${key}<${values[0]}`;
  }
}

/** A plain map of labels as kubectl prints it. */
export function formatLabels(labels: JsonObject): string {
  const parts = Object.keys(labels)
    .sort(byText)
    .map((key) => `${key}=${plain(labels[key])}`);
  return parts.length === 0 ? '<none>' : parts.join(',');
}
