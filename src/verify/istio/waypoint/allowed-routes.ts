// From which namespaces a waypoint lets itself be used: `allowedRoutes` of its HBONE listener.
import { isRecord } from '../admit/decode.ts';

/** `Same` unless the listener says otherwise. */
export type RouteSource =
  | { readonly from: 'All' | 'Same' }
  | { readonly from: 'Selector'; readonly requirements: readonly Requirement[] };

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** Reads `spec.listeners` of a Gateway. */
export function routeSourceOf(listeners: unknown): RouteSource {
  const all: readonly unknown[] = Array.isArray(listeners) ? listeners : [];
  const hbone = all.find((held) => isRecord(held) && held['protocol'] === 'HBONE' && held['port'] === 15008);
  const namespaces = member(member(hbone, 'allowedRoutes'), 'namespaces');
  const from = member(namespaces, 'from');
  if (from === 'All') return { from };
  return from === 'Selector'
    ? { from, requirements: requirementsOf(member(namespaces, 'selector')) }
    : { from: 'Same' };
}

/** Whether an object in `namespace`, which has these labels, may use a waypoint in `home`. */
export function isAllowed(
  source: RouteSource,
  home: string,
  namespace: string,
  labels: ReadonlyMap<string, string>,
): boolean {
  if (source.from !== 'Selector') return source.from === 'All' || namespace === home;
  return source.requirements.every((requirement) => meets(requirement, labels.get(requirement.key)));
}

/** A selector that cannot be read selects nothing. */
const NOTHING: readonly Requirement[] = [{ key: '', operator: 'In', values: [] }];

function requirementsOf(selector: unknown): readonly Requirement[] {
  // A selector that is missing selects nothing, an empty one everything.
  if (!isRecord(selector)) return NOTHING;
  const labels = isRecord(selector['matchLabels']) ? Object.entries(selector['matchLabels']) : [];
  const expressions: readonly unknown[] = Array.isArray(selector['matchExpressions'])
    ? selector['matchExpressions']
    : [];
  return [
    ...labels.map(([key, value]) => ({ key, operator: 'In', values: [String(value)] })),
    ...expressions.flatMap((held): readonly Requirement[] => {
      const values: unknown = member(held, 'values');
      const [key, operator] = [member(held, 'key'), member(held, 'operator')];
      if (typeof key !== 'string' || typeof operator !== 'string') return NOTHING;
      return [{ key, operator, values: Array.isArray(values) ? values.map(String) : [] }];
    }),
  ];
}

function meets({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

function member(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
