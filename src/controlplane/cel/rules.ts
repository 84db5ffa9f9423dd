import { type CelEnv, type CelInput, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import type { Cause } from '../api-error.ts';
import { equal, isList, isObject, type Json, listAt, textAt } from '../json.ts';
import { memberSchema, type Schema } from '../schema/schema.ts';
import { correlated } from '../schema/validate.ts';
import { kubernetesFunctions } from './library.ts';
import { createToCel, type ToCel } from './value.ts';

type Run = (bindings: Record<string, CelInput>) => unknown;

interface Rule {
  readonly text: string;
  readonly message: string;
  readonly messageRun: Run | undefined;
  readonly reason: string;
  readonly fieldPath: string;
  readonly transition: boolean;
  readonly run: Run;
}

/** The CEL rules of one schema, compiled. `old` is the stored object on update. */
export interface Rules {
  readonly judge: (value: Json, old: Json | undefined, path?: string) => readonly Cause[];
  /** Rules that do not compile, for the definition's own validation. */
  readonly faults: readonly Fault[];
  readonly none: boolean;
}

export interface Fault {
  readonly path: string;
  readonly rule: string;
  readonly message: string;
}

/** @param path where the schema stands in its definition, for the faults. */
export function compileRules(schema: Schema, path: string): Rules {
  const compiled = new Map<Schema, readonly Rule[]>();
  const reaching = new Set<Schema>();
  const faults: Fault[] = [];
  const env = celEnv({ funcs: [...strings, ...kubernetesFunctions()] });
  collect(schema, path, env, compiled, reaching, faults);
  if (reaching.size === 0) return { judge: () => [], faults, none: true };
  const toCel = createToCel();
  return {
    faults,
    none: false,
    judge: (value, old, where = '') => judgeAt({ compiled, reaching, toCel }, schema, value, old, where),
  };
}

/** Compiles every rule below `schema`; `reaching` keeps the schemas that have a rule at or below them. */
function collect(
  schema: Schema,
  path: string,
  env: CelEnv,
  compiled: Map<Schema, readonly Rule[]>,
  reaching: Set<Schema>,
  faults: Fault[],
): boolean {
  const rules = listAt(schema.keywords, 'x-kubernetes-validations').flatMap((raw, index) => {
    const made = compileRule(raw, env);
    if ('text' in made) return [made];
    faults.push({
      path: `${path}.x-kubernetes-validations[${index}].rule`,
      rule: textAt(raw, 'rule'),
      message: made.fault,
    });
    return [];
  });
  if (rules.length > 0) compiled.set(schema, rules);
  let reaches = rules.length > 0;
  for (const [name, inner] of schema.properties) {
    if (collect(inner, `${path}.properties[${name}]`, env, compiled, reaching, faults)) reaches = true;
  }
  for (const [name, inner] of [
    ['items', schema.items],
    ['additionalProperties', schema.additional],
  ] as const) {
    if (inner === undefined || inner === 'any') continue;
    if (collect(inner, `${path}.${name}`, env, compiled, reaching, faults)) reaches = true;
  }
  if (reaches) reaching.add(schema);
  return reaches;
}

function compileRule(raw: Json, env: CelEnv): Rule | { readonly fault: string } {
  const text = textAt(raw, 'rule');
  try {
    const expression = textAt(raw, 'messageExpression');
    return {
      text,
      message: textAt(raw, 'message'),
      messageRun: expression === '' ? undefined : planKnown(env, expression),
      reason: textAt(raw, 'reason') || 'FieldValueInvalid',
      fieldPath: textAt(raw, 'fieldPath'),
      transition: /\boldSelf\b/.test(text),
      run: planKnown(env, text),
    };
  } catch (cause) {
    return { fault: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** Plans an expression. @throws Error if it cannot be read, or calls what nobody has declared. */
function planKnown(env: CelEnv, text: string): Run {
  const expression = parse(text);
  const unknown = [...calledIn(expression.expr)].find((name) => /^\w+$/.test(name) && !env.funcs.find(name));
  if (unknown !== undefined) throw new Error(`undeclared reference to '${unknown}' (in container '')`);
  return plan(env, expression);
}

/** The names of all functions that a syntax tree calls; operators are spelled with symbols. */
function calledIn(node: unknown): ReadonlySet<string> {
  if (typeof node !== 'object' || node === null) return new Set();
  const { case: kind, value } = Object.fromEntries(Object.entries(node));
  const own = kind === 'callExpr' && hasFunction(value) ? [value.function] : [];
  return new Set([...own, ...Object.values(node).flatMap((part: unknown) => [...calledIn(part)])]);
}

const hasFunction = (value: unknown): value is { readonly function: string } =>
  typeof value === 'object' && value !== null && 'function' in value && typeof value.function === 'string';

interface Context {
  readonly compiled: ReadonlyMap<Schema, readonly Rule[]>;
  readonly reaching: ReadonlySet<Schema>;
  readonly toCel: ToCel;
}

function judgeAt(context: Context, schema: Schema, value: Json, old: Json | undefined, path: string): readonly Cause[] {
  if (!context.reaching.has(schema) || value === null) return [];
  const causes: Cause[] = [];
  const unchanged = old !== undefined && equal(value, old);
  if (unchanged) return []; // ratcheting: what was stored is not judged again
  for (const rule of context.compiled.get(schema) ?? []) {
    if (rule.transition && old === undefined) continue;
    const cause = judgeRule(context, rule, schema, value, old, path);
    if (cause) causes.push(cause);
  }
  if (isList(value) && schema.items) {
    for (const [index, item] of value.entries()) {
      const before = correlated(item, schema, old);
      causes.push(...judgeAt(context, schema.items, item, before, `${path}[${index}]`));
    }
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      const inner = memberSchema(schema, name);
      const before = isObject(old) ? old[name] : undefined;
      const isMap = schema.additional !== undefined && !schema.properties.has(name);
      const where = isMap ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
      if (inner) causes.push(...judgeAt(context, inner, member, before, where));
    }
  }
  return causes;
}

function judgeRule(
  { toCel }: Context,
  rule: Rule,
  schema: Schema,
  value: Json,
  old: Json | undefined,
  path: string,
): Cause | undefined {
  const bindings: Record<string, CelInput> = { self: toCel(value, schema) };
  if (old !== undefined) bindings.oldSelf = toCel(old, schema);
  const verdict = rule.run(bindings);
  if (verdict === true) return undefined;
  const field = `${path}${rule.fieldPath}` || '<nil>';
  if (isCelError(verdict)) {
    return {
      reason: 'FieldValueInvalid',
      field,
      message: `Invalid value: ${describe(rule)} evaluation error: ${verdict.message}`,
    };
  }
  return {
    reason: rule.reason,
    field,
    message: `${PREFIXES[rule.reason] ?? 'Invalid value'}: ${messageOf(rule, bindings)}`,
  };
}

const PREFIXES: Readonly<Record<string, string>> = {
  FieldValueRequired: 'Required value',
  FieldValueForbidden: 'Forbidden',
  FieldValueDuplicate: 'Duplicate value',
};

const describe = (rule: Rule): string => `rule ${JSON.stringify(rule.text)}`;

function messageOf(rule: Rule, bindings: Record<string, CelInput>): string {
  const computed = rule.messageRun?.(bindings);
  if (typeof computed === 'string' && computed.trim() !== '' && !computed.includes('\n')) return computed;
  return rule.message === '' ? `failed rule: ${rule.text.replaceAll('\n', ' ')}` : rule.message;
}
