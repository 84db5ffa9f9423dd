import { joined, plainText, textValue, type Value } from '../value.ts';
import { applyFilter, checkFilter } from './filters.ts';
import { parseTemplate, pathText, type Position, type Problem, type Reference, type Segment } from './parse.ts';

/** What a path stands for. */
export type Found =
  | { readonly kind: 'value'; readonly value: Value }
  /** It may come without the template changing, such as the port of a service that is not declared yet. */
  | { readonly kind: 'pending'; readonly why: string }
  /** An optional value that nobody set, such as a key of env. */
  | { readonly kind: 'unset'; readonly why: string; readonly available: readonly string[] }
  /** Nothing of this name can exist here: a mistake in the template. */
  | { readonly kind: 'unknown'; readonly why: string; readonly available: readonly string[] };

export type Lookup = (path: Reference['path']) => Found;

export interface TemplateProblem extends Problem {
  /** TemplateSyntax and TemplateUnknown are mistakes; DependencyMissing ends when the dependency comes. */
  readonly code: 'TemplateSyntax' | 'TemplateUnknown' | 'DependencyMissing';
}

export type Evaluated =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly TemplateProblem[] };

/** Evaluates a template. All problems are reported; a template with a problem has no value, not even in part. */
export function evaluate(text: string, lookup: Lookup): Evaluated {
  const parsed = parseTemplate(text);
  if (!parsed.ok) return { ok: false, problems: [{ code: 'TemplateSyntax', ...parsed.problem }] };
  return evaluateSegments(parsed.segments, lookup);
}

function evaluateSegments(segments: readonly Segment[], lookup: Lookup): Evaluated {
  const values: Value[] = [];
  const problems: TemplateProblem[] = [];
  for (const segment of segments) {
    if (segment.kind === 'text') {
      values.push(textValue(segment.text));
      continue;
    }
    const result = evaluateReference(segment, lookup);
    if (result.ok) values.push(result.value);
    else problems.push(...result.problems);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: joined(values) };
}

function evaluateReference(reference: Reference, lookup: Lookup): Evaluated {
  for (const filter of reference.filters) {
    const message = checkFilter(filter);
    if (message !== undefined) return failed('TemplateSyntax', filter.at, message);
  }
  let found = lookup(reference.path);
  for (const { name, args, at } of reference.filters) {
    const [argument] = args;
    if (name === 'default') {
      if (found.kind === 'pending' || found.kind === 'unset' || isEmpty(found)) {
        found = { kind: 'value', value: textValue(String(argument)) };
      }
    } else if (name === 'required') {
      if (found.kind === 'unset' || isEmpty(found)) {
        const why = argument === undefined ? `${pathText(reference.path)} is required` : String(argument);
        return failed('TemplateUnknown', reference.at, why);
      }
    } else if (found.kind === 'value') {
      const text = plainText(found.value);
      if (text === undefined) {
        return failed(
          'TemplateSyntax',
          at,
          `${name} cannot be used on a secret: it is passed by reference, never read`,
        );
      }
      const filtered = applyFilter(name, text);
      if (filtered.kind !== 'text') return failed('TemplateSyntax', at, `${name}: the value ${filtered.message}`);
      found = { kind: 'value', value: textValue(filtered.text) };
    }
  }
  switch (found.kind) {
    case 'value':
      return { ok: true, value: found.value };
    case 'pending':
      return failed('DependencyMissing', reference.at, `${pathText(reference.path)} has no value yet: ${found.why}`);
    case 'unset':
    case 'unknown':
      return failed('TemplateUnknown', reference.at, `${found.why}; ${listed(found.available)}`);
  }
}

function isEmpty(found: Found): boolean {
  return found.kind === 'value' && found.value.length === 0;
}

const SHOWN = 24;

function listed(available: readonly string[]): string {
  if (available.length === 0) return 'nothing is available here';
  const more = available.length - SHOWN;
  return `available: ${available.toSorted().slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function failed(code: TemplateProblem['code'], at: Position, message: string): Evaluated {
  return { ok: false, problems: [{ code, at, message }] };
}
