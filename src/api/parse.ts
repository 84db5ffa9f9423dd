import type { z } from 'zod';
import { type LatticeConfig, latticeConfig } from './config.ts';
import { type LatticeExternalService, latticeExternalService } from './external-service.ts';
import type { Finding } from './finding.ts';
import { API_VERSION } from './metadata.ts';
import { PEERING_API_VERSION, type PeeringConnectivity, peeringConnectivity } from './peering-connectivity.ts';
import { type LatticeResourceClass, latticeResourceClass } from './resource-class.ts';
import { type LatticeService, latticeService } from './service.ts';
import { canonical } from './spelling.ts';
import { shownValue } from './shown-value.ts';
import { closest } from './suggest.ts';

/** One thing that is wrong with a document, and where inside it. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly fix?: string;
}

/** An issue as a finding, without the object and the place. */
export function issueFinding(issue: Issue): Finding {
  return {
    code: issue.message.startsWith('unknown field') ? 'UnknownField' : 'InvalidField',
    severity: 'error',
    ...issue,
  };
}

export type LatticeObject =
  | LatticeService
  | LatticeExternalService
  | LatticeResourceClass
  | LatticeConfig
  | PeeringConnectivity;

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** The kinds that are declared in files, and the schema of each. */
export const KINDS = {
  LatticeService: latticeService,
  LatticeExternalService: latticeExternalService,
  LatticeResourceClass: latticeResourceClass,
  LatticeConfig: latticeConfig,
  PeeringConnectivity: peeringConnectivity,
} as const;

/** The group of each API version that is served, and the kinds of it. */
const SERVED: Readonly<Record<string, { readonly version: string; readonly kinds: readonly string[] }>> = {
  'lattice.dev': {
    version: API_VERSION,
    kinds: ['LatticeService', 'LatticeExternalService', 'LatticeResourceClass', 'LatticeConfig'],
  },
  'security.liqo.io': { version: PEERING_API_VERSION, kinds: ['PeeringConnectivity'] },
};

/** Whether a document claims to be of one of Lattice's groups, so that {@link parseObject} has the say on it. */
export function isLattice(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return isRecord(raw) && Object.hasOwn(SERVED, groupOf(raw));
}

/** Reads one document of Lattice's groups. Every issue is reported, in the document's order; aliases are accepted. */
export function parseObject(raw: Readonly<Record<string, unknown>>): Parsed<LatticeObject> {
  const group = groupOf(raw);
  const served = Object.hasOwn(SERVED, group) ? SERVED[group] : undefined;
  const { version, kinds } = served ?? { version: API_VERSION, kinds: [] };
  if (raw['apiVersion'] !== version) {
    return refuse(['apiVersion'], `${JSON.stringify(raw['apiVersion'])} is not served`, `write apiVersion: ${version}`);
  }
  const kind = typeof raw['kind'] === 'string' && kinds.includes(raw['kind']) ? raw['kind'] : '';
  switch (kind) {
    case 'LatticeService':
      return parseAs(latticeService, raw);
    case 'LatticeExternalService':
      return parseAs(latticeExternalService, raw);
    case 'LatticeResourceClass':
      return parseAs(latticeResourceClass, raw);
    case 'LatticeConfig':
      return parseAs(latticeConfig, raw);
    case 'PeeringConnectivity':
      return parseAs(peeringConnectivity, raw);
    default: {
      const known = typeof raw['kind'] === 'string' ? closest(raw['kind'], kinds) : undefined;
      return refuse(
        ['kind'],
        `${JSON.stringify(raw['kind'])} is not a kind of ${version}`,
        known ? `did you mean ${known}?` : `one of ${kinds.join(', ')}`,
      );
    }
  }
}

function groupOf(raw: Readonly<Record<string, unknown>>): string {
  return typeof raw['apiVersion'] === 'string' ? (raw['apiVersion'].split('/')[0] ?? '') : '';
}

/** Reads one document of any kind that has a schema. Every issue is reported, in the document's order. */
export function parseAs<T>(schema: z.ZodType<T>, raw: Readonly<Record<string, unknown>>): Parsed<T> {
  const spelled = canonical(raw);
  const result = schema.safeParse(spelled);
  if (result.success) return { ok: true, value: result.data };
  const issues = result.error.issues.flatMap((issue) => explain(issue, schema, spelled));
  return { ok: false, issues: issues.map((issue) => withValue(issue, spelled)) };
}

/** Adds what stands there to an issue about a single value. */
function withValue(issue: Issue, raw: unknown): Issue {
  const found = shownValue(raw, issue.path);
  return found === undefined || issue.message.startsWith('unknown field') || issue.message.includes(found)
    ? issue
    : { ...issue, message: `${issue.message}, found ${found}` };
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodType, raw: unknown): Issue[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = fieldsAt(schema, path);
      return issue.keys.map((key) => {
        const near = closest(key, known);
        return {
          path: [...path, key],
          message: `unknown field "${key}"`,
          fix: near ? `did you mean "${near}"?` : `fields here: ${known.toSorted().join(', ')}`,
        };
      });
    }
    case 'invalid_type': {
      const expected = article(issue.expected);
      if (isMissing(raw, path)) return [missing(path, `is missing: it must be ${expected}`)];
      const found = issue.expected === 'string' ? scalarAt(raw, path) : undefined;
      return [
        { path, message: `must be ${expected}`, ...(found === undefined ? {} : { fix: `quote it: "${found}"` }) },
      ];
    }
    case 'invalid_value': {
      if (isMissing(raw, path)) return [missing(path, `is missing: ${plain(issue)}`)];
      const found = valueAt(raw, path);
      const near = typeof found === 'string' ? closest(found, issue.values.map(String)) : undefined;
      return [{ path, message: plain(issue), fix: near ? `did you mean "${near}"?` : `write ${one(issue.values)}` }];
    }
    case 'invalid_union': {
      const arms = issue.errors.flat();
      const deepest = arms.filter((arm) => arm.path.length === Math.max(...arms.map((each) => each.path.length)));
      if ((deepest[0]?.path.length ?? 0) > 0) {
        return deepest.flatMap((arm) => explain({ ...arm, path: [...issue.path, ...arm.path] }, schema, raw));
      }
      return [{ path, message: [...new Set(arms.map((arm) => plain(arm)))].join(', or ') }];
    }
    case 'invalid_key':
    case 'invalid_element':
      return [
        {
          path,
          message: `key ${JSON.stringify(path.at(-1))}: ${issue.issues.map((inner) => inner.message).join(', ')}`,
        },
      ];
    case 'too_big':
    case 'too_small':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'custom':
      return [{ path, message: issue.message }];
  }
}

function missing(path: readonly (string | number)[], message: string): Issue {
  const field = path.at(-1);
  return { path, message, ...(typeof field === 'string' ? { fix: `add the field "${field}"` } : {}) };
}

/** Whether nothing is written at `path`. */
function isMissing(raw: unknown, path: readonly (string | number)[]): boolean {
  return valueAt(raw, path) === undefined;
}

/** A number or a boolean, which somebody may have meant as text; nothing that may be a secret. */
function scalarAt(raw: unknown, path: readonly (string | number)[]): string | undefined {
  const value = valueAt(raw, path);
  return typeof value === 'number' || typeof value === 'boolean' ? shownValue(raw, path) : undefined;
}

function valueAt(raw: unknown, path: readonly (string | number)[]): unknown {
  let here = raw;
  for (const step of path) {
    if (Array.isArray(here)) here = typeof step === 'number' ? here[step] : undefined;
    else here = isRecord(here) && Object.hasOwn(here, step) ? here[step] : undefined;
  }
  return here;
}

function plain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `must be ${article(issue.expected)}`;
  if (issue.code === 'invalid_value') return `must be ${one(issue.values)}`;
  return issue.message;
}

function one(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(' or ');
}

function article(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    record: 'a map',
    object: 'a map',
    array: 'a list',
    int: 'a whole number',
    string: 'a string (quote it)',
    boolean: 'true or false',
    number: 'a number',
  };
  return names[expected] ?? expected;
}

/** The fields that the schema knows at `path`, for "did you mean". */
function fieldsAt(schema: z.ZodType, path: readonly (string | number)[]): string[] {
  let at: unknown = schema;
  for (const step of path) {
    const def: unknown = defOf(at);
    if (!isRecord(def)) return [];
    if (def['type'] === 'object' && isRecord(def['shape'])) at = def['shape'][String(step)];
    else if (def['type'] === 'record') at = def['valueType'];
    else if (def['type'] === 'array') at = def['element'];
    else return [];
  }
  const def: unknown = defOf(at);
  return isRecord(def) && isRecord(def['shape']) ? Object.keys(def['shape']) : [];
}

function defOf(schema: unknown): unknown {
  if (!isRecord(schema) || !isRecord(schema['def'])) return undefined;
  const def = schema['def'];
  if (def['type'] === 'optional' || def['type'] === 'nullable') return defOf(def['innerType']);
  if (def['type'] === 'pipe') return defOf(def['in']);
  if (def['type'] === 'union' && Array.isArray(def['options'])) return defOf(def['options'][0]);
  return def;
}

function refuse(path: readonly string[], message: string, fix: string): { ok: false; issues: Issue[] } {
  return { ok: false, issues: [{ path, message, fix }] };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
