/**
 * Where an object that was read back differs from what was meant: the path of the first difference, or undefined. Only
 * what was meant is looked at; but a list must be equal, since one more rule or element changes what it does.
 */
export function lostIn(meant: unknown, read: unknown, path = ''): string | undefined {
  if (Array.isArray(meant)) {
    if (!Array.isArray(read) || read.length !== meant.length) return path;
    return first(meant.entries(), ([index, each]) => lostIn(each, read[index], `${path}[${index}]`));
  }
  if (!isRecord(meant)) return Object.is(meant, read) ? undefined : path;
  if (!isRecord(read)) return path;
  return first(Object.entries(meant), ([name, each]) =>
    lostIn(each, read[name], path === '' ? name : `${path}.${name}`),
  );
}

function first<T>(items: Iterable<T>, ask: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const answer = ask(item);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
