/** ServiceEntries among objects, by host: what a host's traffic through a waypoint is judged as. */
export function serviceEntriesOf(
  objects: readonly unknown[],
): ReadonlyMap<string, readonly { readonly namespace: string; readonly name: string }[]> {
  const entries = new Map<string, { namespace: string; name: string }[]>();
  for (const object of objects) {
    if (!isRecord(object) || object['kind'] !== 'ServiceEntry') continue;
    const { metadata, spec } = object;
    if (!isRecord(metadata) || !isRecord(spec) || !Array.isArray(spec['hosts'])) continue;
    const { namespace, name } = metadata;
    if (typeof namespace !== 'string' || typeof name !== 'string') continue;
    const entry = { namespace, name };
    for (const host of spec['hosts']) {
      if (typeof host !== 'string') continue;
      const known = entries.get(host);
      if (known) known.push(entry);
      else entries.set(host, [entry]);
    }
  }
  return entries;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
