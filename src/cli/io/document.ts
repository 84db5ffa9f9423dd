import { isLattice } from '../../api/index.ts';
import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  type Event,
  floatYaml11Tag,
  intYaml11Tag,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  boolYaml11Tag,
  nullYaml11Tag,
  parseEvents,
  SCALAR_STYLE,
  type Schema,
} from 'js-yaml';
import { checkAliases } from './aliases.ts';
import { ambiguityOf, mayBeAmbiguous } from './ambiguous.ts';
import { explainRefusal } from './refusal.ts';

/** How deeply maps and lists may be nested. Kubernetes objects stay below 30. */
export const MAX_DEPTH = 64;

/** What is wrong inside one document; `offset` counts from the document's beginning. */
export interface Problem {
  readonly code: string;
  readonly offset: number;
  readonly message: string;
  readonly fix?: string;
}

export type Reading =
  | { readonly kind: 'empty' }
  | { readonly kind: 'value'; readonly value: unknown }
  /** Readable, but not to be used: `value` is what YAML 1.2 makes of it, so that its other mistakes are found too. */
  | { readonly kind: 'ambiguous'; readonly value: unknown; readonly problems: readonly Problem[] }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

/**
 * Reads one document. Those of Lattice's group must mean the same in YAML 1.1 and 1.2; all others are read as
 * kubectl reads them, which is YAML 1.1 without its dates and base-60 numbers.
 */
export function readDocument(text: string): Reading {
  try {
    // js-yaml takes an indented marker on the first line for a real one.
    if (/^[ \t]+(---|\.\.\.|%)/.test(text)) return refused(INDENTED_MARKER);
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    const alias = checkAliases(events, text);
    if (alias) return refused(alias);
    const value = construct(events, text, STRICT);
    if (value === undefined || value === null) return { kind: 'empty' };
    const problems = ambiguities(events, text);
    if (problems.length === 0) return { kind: 'value', value };
    if (claimsLattice(value)) return { kind: 'ambiguous', value, problems };
    const asKubectl = construct(events, text, KUBECTL);
    return claimsLattice(asKubectl) ? { kind: 'refused', problems } : { kind: 'value', value: asKubectl };
  } catch (error) {
    return refused(explainRefusal(error, text));
  }
}

const INDENTED_MARKER: Problem = {
  code: 'BadIndentation',
  offset: 0,
  message: 'a marker such as --- has to begin its line',
  fix: 'remove the space in front of it',
};

/** Maps of the reading: like js-yaml's own, but without keys that reach an object's prototype, or that are nothing. */
const safeMap = {
  ...mapTag,
  addPair: (map: Record<string, unknown>, key: unknown, value: unknown): string => {
    if (key === '__proto__') return 'forbidden key __proto__';
    return key === null ? 'empty key' : mapTag.addPair(map, key, value);
  },
};

const STRICT = CORE_SCHEMA.withTags(safeMap);

/** Without base 60, which kubectl's parser does not know. */
const KUBECTL = CORE_SCHEMA.withTags(
  safeMap,
  nullYaml11Tag,
  boolYaml11Tag,
  {
    ...intYaml11Tag,
    resolve: (source: string, isExplicit: boolean, tagName: string) =>
      source.includes(':') ? NOT_RESOLVED : intYaml11Tag.resolve(source, isExplicit, tagName),
  },
  {
    ...floatYaml11Tag,
    resolve: (source: string, isExplicit: boolean, tagName: string) =>
      source.includes(':') ? NOT_RESOLVED : floatYaml11Tag.resolve(source, isExplicit, tagName),
  },
  mergeTag,
);

function construct(events: Event[], source: string, schema: Schema): unknown {
  const documents = constructFromEvents(events, { source, schema });
  if (documents.length > 1) throw new Error('a second document begins without "---"');
  return documents[0];
}

/** Whether Lattice has the say on the document, or on an item of a list. */
function claimsLattice(value: unknown): boolean {
  if (isLattice(value)) return true;
  if (typeof value !== 'object' || value === null || !('items' in value)) return false;
  return Array.isArray(value.items) && value.items.some((item) => claimsLattice(item));
}

function ambiguities(events: readonly Event[], text: string): Problem[] {
  const problems: Problem[] = [];
  const separator = /[\u0085\u2028\u2029]|\r(?!\n)/.exec(text);
  if (separator) {
    problems.push({
      code: 'AmbiguousLineBreak',
      offset: separator.index,
      message: 'this invisible character ends a line for some readers of YAML, and not for others',
      fix: 'remove it, or end the line with a newline',
    });
  }
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) {
      if (event.directives.length > 0) {
        problems.push({
          code: 'YamlDirective',
          offset: Math.max(0, text.indexOf('%')),
          message: 'a % directive changes how the document is read',
          fix: 'remove the line',
        });
      }
      continue;
    }
    if (event.type === EVENT_ID.POP || event.type === EVENT_ID.ALIAS) continue;
    if (event.tagStart >= 0) {
      const tag = text.slice(event.tagStart, event.tagEnd);
      problems.push({
        code: 'YamlTag',
        offset: event.tagStart,
        message: `the tag ${tag} changes how the value is read`,
        fix: 'remove the tag; quote the value if text is meant',
      });
    }
    if (event.type !== EVENT_ID.SCALAR || event.style !== SCALAR_STYLE.PLAIN || event.valueStart < 0) continue;
    if (!mayBeAmbiguous(text.charCodeAt(event.valueStart))) continue;
    const found = ambiguityOf(text.slice(event.valueStart, event.valueEnd));
    if (found) problems.push({ ...found, offset: event.valueStart });
  }
  return problems;
}

function refused(problem: Problem): Reading {
  return { kind: 'refused', problems: [problem] };
}
