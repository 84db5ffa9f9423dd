import { isList, isObject, type Json } from '../json.ts';

type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'every' }
  | {
      readonly kind: 'where';
      readonly path: readonly string[];
      readonly equals: boolean;
      readonly value: Json | undefined;
    };

/** Finds values by the JSONPath subset of printer columns; undefined if the path cannot be read. */
export function jsonPath(text: string): ((value: Json) => readonly Json[]) | undefined {
  const steps = parseSteps(text.replace(/^\$/, ''));
  if (!steps) return undefined;
  return (value) => steps.reduce<readonly Json[]>((found, step) => found.flatMap((item) => take(item, step)), [value]);
}

const STEP =
  /^(?:\.(?<dotted>(?:\\.|[^.[\]\\])+)|\[['"](?<quoted>[^'"]+)['"]\]|\[(?<index>-?\d+)\]|(?<every>\[\*\]|\.\*)|\[\?\(\s*@\.(?<path>[\w./-]+)\s*(?:(?<operator>==|!=)\s*(?:"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<bare>[\w.-]+))\s*)?\)\])/;

function parseSteps(text: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (!match?.groups) return undefined;
    steps.push(stepOf(match.groups));
    rest = rest.slice(match[0].length);
  }
  return steps;
}

function stepOf(parts: Readonly<Record<string, string | undefined>>): Step {
  if (parts.dotted !== undefined) return { kind: 'member', name: parts.dotted.replaceAll(/\\(.)/g, '$1') };
  if (parts.quoted !== undefined) return { kind: 'member', name: parts.quoted };
  if (parts.index !== undefined) return { kind: 'index', index: Number(parts.index) };
  if (parts.every !== undefined) return { kind: 'every' };
  const quoted = parts.double ?? parts.single;
  const value = parts.operator === undefined ? undefined : (quoted ?? scalar(parts.bare ?? ''));
  return { kind: 'where', path: (parts.path ?? '').split('.'), equals: parts.operator !== '!=', value };
}

function scalar(text: string): Json {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function take(value: Json, step: Step): readonly Json[] {
  switch (step.kind) {
    case 'member':
      return isObject(value) && Object.hasOwn(value, step.name) ? present(value[step.name]) : [];
    case 'index':
      return isList(value) ? present(value.at(step.index)) : [];
    case 'every':
      return isList(value) ? value : isObject(value) ? Object.values(value) : [];
    case 'where':
      return isList(value) ? value.filter((item) => satisfies(item, step)) : [];
  }
}

const present = (value: Json | undefined): readonly Json[] => (value === undefined ? [] : [value]);

function satisfies(item: Json, step: Step & { readonly kind: 'where' }): boolean {
  const found = step.path.reduce<Json | undefined>((here, name) => (isObject(here) ? here[name] : undefined), item);
  if (step.value === undefined) return found !== undefined;
  return (found === step.value) === step.equals;
}
