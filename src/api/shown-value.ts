/**
 * The single value at `path` as a message may show it: short, quoted, without control characters. Undefined for maps,
 * lists and what is missing, and for whatever may be a secret: everything under a field that holds free content, and
 * everything whose name says so.
 */
export function shownValue(raw: unknown, path: readonly (string | number)[]): string | undefined {
  if (path.some((step) => typeof step === 'string' && MAY_BE_SECRET.test(step))) return undefined;
  const value = valueAt(raw, path);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return undefined;
  const characters = Array.from(value);
  return JSON.stringify(characters.length > LONGEST ? `${characters.slice(0, LONGEST).join('')}...` : value);
}

const LONGEST = 40;

const MAY_BE_SECRET =
  /^(?:variables|env|envFrom|files|content|binaryContent|data|stringData|params|command|args|annotations|value)$|secret|passw|token|credential|key/i;

function valueAt(raw: unknown, path: readonly (string | number)[]): unknown {
  let here = raw;
  for (const step of path) {
    if (Array.isArray(here)) here = typeof step === 'number' ? here[step] : undefined;
    else if (typeof here === 'object' && here !== null && Object.hasOwn(here, step)) here = Reflect.get(here, step);
    else return undefined;
  }
  return here;
}
