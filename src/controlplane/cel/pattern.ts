import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';

const matches = plan(celEnv(), parse('text.matches(pattern)'));

/**
 * Whether a text matches a schema's pattern. Patterns are RE2: JavaScript's engine refuses some of them, and hangs on
 * others, so CEL's own engine is asked. An answer that is a text says why the pattern is none.
 */
export function matchesPattern(pattern: string, text: string): boolean | string {
  const verdict = matches({ text, pattern });
  return isCelError(verdict) ? verdict.message : verdict === true;
}
