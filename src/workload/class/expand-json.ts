import { evaluate, type Lookup, type TemplateProblem } from '../template/evaluate.ts';
import { parseTemplate, type Reference } from '../template/parse.ts';
import { plainText } from '../value.ts';

export interface PlacedProblem extends TemplateProblem {
  readonly path: readonly (string | number)[];
}

/** A value of JSON with its templates filled in, or all their problems. */
export type Expanded =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly PlacedProblem[] };

/**
 * Fills in the templates of every text inside of `value`. A text that is nothing but a reference to a parameter takes
 * the parameter's own type: `"${params.instances | default(1)}"` is a number.
 */
export function expandJson(value: unknown, lookup: Lookup, params: Readonly<Record<string, unknown>>): Expanded {
  const problems: PlacedProblem[] = [];
  const expanded = walk(value, [], 0, { lookup, params, problems });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: expanded };
}

interface Walk {
  readonly lookup: Lookup;
  readonly params: Readonly<Record<string, unknown>>;
  readonly problems: PlacedProblem[];
}

const MAX_DEPTH = 100;

function walk(value: unknown, path: readonly (string | number)[], depth: number, state: Walk): unknown {
  if (depth > MAX_DEPTH) {
    const at = { line: 1, column: 1 };
    state.problems.push({ code: 'TemplateSyntax', at, path, message: `is nested deeper than ${MAX_DEPTH}` });
    return null;
  }
  if (Array.isArray(value)) return value.map((item: unknown, index) => walk(item, [...path, index], depth + 1, state));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, field]: [string, unknown]) => [
        name,
        walk(field, [...path, name], depth + 1, state),
      ]),
    );
  }
  if (typeof value !== 'string') return value;
  const typed = typedValue(value, state.params);
  if (typed !== undefined) return typed.value;
  const result = evaluate(value, state.lookup);
  if (!result.ok) {
    state.problems.push(...result.problems.map((problem) => ({ ...problem, path })));
    return null;
  }
  return plainText(result.value) ?? null;
}

function typedValue(text: string, params: Readonly<Record<string, unknown>>): { readonly value: unknown } | undefined {
  if (!text.startsWith('${')) return undefined;
  const parsed = parseTemplate(text);
  if (!parsed.ok || parsed.segments.length !== 1) return undefined;
  const [reference] = parsed.segments;
  if (reference?.kind !== 'reference' || reference.path.length !== 2 || reference.path[0] !== 'params')
    return undefined;
  return parameter(reference, params);
}

function parameter(
  { path, filters }: Reference,
  params: Readonly<Record<string, unknown>>,
): { readonly value: unknown } | undefined {
  const name = path[1] ?? '';
  const [filter, ...more] = filters;
  if (more.length > 0 || (filter && (filter.name !== 'default' || filter.args.length !== 1))) return undefined;
  if (Object.hasOwn(params, name)) return { value: params[name] };
  return filter ? { value: filter.args[0] } : undefined;
}
