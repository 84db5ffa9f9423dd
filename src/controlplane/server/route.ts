/** What a path means, before anybody has looked whether it exists. */
export type Route =
  | { readonly kind: 'resource'; readonly target: Target }
  | { readonly kind: 'groups' }
  | { readonly kind: 'core versions' }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'resources'; readonly group: string; readonly version: string }
  | { readonly kind: 'openapi v2' }
  | { readonly kind: 'openapi root' }
  | { readonly kind: 'openapi'; readonly group: string; readonly version: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'health' }
  | { readonly kind: 'paths' }
  | { readonly kind: 'unknown' };

export interface Target {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** Empty for all namespaces and for cluster-scoped resources. */
  readonly namespace: string;
  /** Empty for the collection. */
  readonly name: string;
  readonly subresource: string;
}

const HEALTH = new Set(['healthz', 'livez', 'readyz']);

export function routeOf(path: string): Route {
  const steps = path
    .split('/')
    .filter((step) => step !== '')
    .map(decode);
  const [first = '', second, third, ...rest] = steps;
  if (steps.length === 0) return { kind: 'paths' };
  if (first === 'version') return { kind: 'version' };
  if (HEALTH.has(first)) return { kind: 'health' };
  if (first === 'openapi') return openApiRoute(steps.slice(1));
  if (first === 'api') {
    if (second === undefined) return { kind: 'core versions' };
    return resourceRoute('', second, third === undefined ? [] : [third, ...rest]);
  }
  if (first === 'apis') {
    if (second === undefined) return { kind: 'groups' };
    if (third === undefined) return { kind: 'group', group: second };
    return resourceRoute(second, third, rest);
  }
  return { kind: 'unknown' };
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch (cause) {
    if (cause instanceof URIError) return step;
    throw cause;
  }
}

function openApiRoute(steps: readonly string[]): Route {
  const [version, root, ...rest] = steps;
  if (version === 'v2' && root === undefined) return { kind: 'openapi v2' };
  if (version !== 'v3') return { kind: 'unknown' };
  if (root === undefined) return { kind: 'openapi root' };
  const [group = '', name = ''] = root === 'api' ? ['', rest[0]] : rest;
  return { kind: 'openapi', group, version: name };
}

function resourceRoute(group: string, version: string, steps: readonly string[]): Route {
  if (steps.length === 0) return { kind: 'resources', group, version };
  const [first = '', second = '', ...rest] = steps;
  const base = { group, version } as const;
  if (first === 'namespaces' && rest.length > 0 && !(rest.length === 1 && NAMESPACE_PARTS.has(rest[0] ?? ''))) {
    const [plural = '', name = '', ...deeper] = rest;
    return { kind: 'resource', target: { ...base, plural, namespace: second, name, subresource: deeper.join('/') } };
  }
  const target: Target = { ...base, plural: first, namespace: '', name: second, subresource: rest.join('/') };
  return { kind: 'resource', target };
}

/** `/namespaces/x/status` is a part of the namespace, not a resource in it. */
const NAMESPACE_PARTS = new Set(['status', 'finalize']);
