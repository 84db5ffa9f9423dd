// The grammar of Kubernetes labels, names and label selectors.
import { isRecord, type Shape } from './structural.ts';

const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const NAME_PART = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

/** A value that a label may have: empty, or up to 63 characters. */
export function isLabelValue(value: string): boolean {
  return value.length <= 63 && LABEL_VALUE.test(value);
}

/** A key that a label may have: `name` or `prefix/name`. */
export function isLabelKey(key: string): boolean {
  const parts = key.split('/');
  const [first = '', second] = parts;
  if (parts.length > 2) return false;
  if (second === undefined) return isNamePart(first);
  return isDnsSubdomain(first) && isNamePart(second);
}

/** A DNS-1123 label, as namespaces are. */
export function isDnsLabel(name: string): boolean {
  return name.length <= 63 && DNS_LABEL.test(name);
}

/** A DNS-1123 subdomain, as most names are. */
export function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && name.split('.').every((part) => DNS_LABEL.test(part));
}

type SelectorOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

/** One `matchExpressions` item. */
export interface SelectorExpression {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}

/** A label selector as written; an empty one selects everything. */
export interface LabelSelector {
  readonly labels: readonly (readonly [string, string])[];
  readonly expressions: readonly SelectorExpression[];
}

/** Reads a selector that has passed its shape; parts of the wrong type read as absent. */
export function readSelector(value: unknown): LabelSelector {
  if (!isRecord(value)) return { labels: [], expressions: [] };
  const labels: [string, string][] = [];
  if (isRecord(value.matchLabels))
    for (const [key, text] of Object.entries(value.matchLabels)) if (typeof text === 'string') labels.push([key, text]);
  const expressions = Array.isArray(value.matchExpressions) ? value.matchExpressions.map(readExpression) : [];
  return { labels, expressions };
}

/** What is wrong with a selector, given what a valid key is; empty if nothing is. */
export function selectorErrors(selector: LabelSelector, isKey: (key: string) => boolean): string[] {
  const errors: string[] = [];
  for (const [key, value] of selector.labels) {
    if (!isKey(key)) errors.push(`label key ${JSON.stringify(key)} is not valid`);
    if (!isLabelValue(value)) errors.push(`label value ${JSON.stringify(value)} is not valid`);
  }
  for (const { key, operator, values } of selector.expressions) {
    if (!isKey(key)) errors.push(`label key ${JSON.stringify(key)} is not valid`);
    const needsValues = operator === 'In' || operator === 'NotIn';
    if (needsValues !== values.length > 0)
      errors.push(`operator ${operator} ${needsValues ? 'needs' : 'forbids'} values`);
    for (const value of values)
      if (!isLabelValue(value)) errors.push(`label value ${JSON.stringify(value)} is not valid`);
  }
  return errors;
}

/** True if labels that are a plain map satisfy the selector. */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const valueOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return (
    selector.labels.every(([key, value]) => valueOf(key) === value) &&
    selector.expressions.every((expression) => satisfies(expression, valueOf(expression.key)))
  );
}

/** True if a label's value (undefined: no such label) satisfies one expression. */
export function satisfies(expression: SelectorExpression, value: string | undefined): boolean {
  switch (expression.operator) {
    case 'In':
      return value !== undefined && expression.values.includes(value);
    case 'NotIn':
      return value === undefined || !expression.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** The schema of a label selector; what a key may be is checked apart. */
export const SELECTOR_SHAPE: Shape = {
  kind: 'object',
  fields: {
    matchLabels: { kind: 'map', values: { kind: 'string', maxLength: 63, pattern: LABEL_VALUE } },
    matchExpressions: {
      kind: 'list',
      items: {
        kind: 'object',
        required: ['key', 'operator'],
        fields: {
          key: { kind: 'string' },
          operator: { kind: 'string', oneOf: ['In', 'NotIn', 'Exists', 'DoesNotExist'] },
          values: { kind: 'list', items: { kind: 'string' } },
        },
      },
    },
  },
};

function readExpression(value: unknown): SelectorExpression {
  const source = isRecord(value) ? value : {};
  const values = Array.isArray(source.values) ? source.values.filter((item) => typeof item === 'string') : [];
  return {
    key: typeof source.key === 'string' ? source.key : '',
    operator: operatorOf(source.operator),
    values,
  };
}

function operatorOf(value: unknown): SelectorOperator {
  return value === 'NotIn' || value === 'Exists' || value === 'DoesNotExist' ? value : 'In';
}

function isNamePart(name: string): boolean {
  return name.length <= 63 && NAME_PART.test(name);
}
