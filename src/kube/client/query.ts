// Query strings of the Kubernetes API.

export type QueryValue = string | number | boolean | readonly string[] | undefined;

/** `path?a=b&...` in the order given; undefined values are left out, a list repeats its name. */
export function withQuery(path: string, query: Readonly<Record<string, QueryValue>>): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    const values = typeof value === 'object' ? value : [String(value)];
    for (const each of values) parts.push(`${encodeURIComponent(name)}=${encodeURIComponent(each)}`);
  }
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`;
}
