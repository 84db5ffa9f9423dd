/** What the installed CRD of FirewallConfiguration keeps. `stock`: what is released; `sets`: named sets and ctstate. */
export type LiqoShape = 'stock' | 'sets';

/**
 * Reads from a CustomResourceDefinition what its API server would keep of a program. Undefined: no such CRD, or one
 * without accept and drop (Liqo before 1.1): nothing can be written.
 */
export function shapeOf(crd: unknown): LiqoShape | undefined {
  const versions = at(crd, 'spec', 'versions');
  if (!Array.isArray(versions)) return undefined;
  const served: unknown = versions.find(
    (version: unknown) => at(version, 'name') === 'v1beta1' && at(version, 'served') === true,
  );
  const table = at(served, 'schema', 'openAPIV3Schema', 'properties', 'spec', 'properties', 'table', 'properties');
  const rule = at(table, 'chains', 'items', 'properties', 'rules', 'properties', 'filterRules', 'items', 'properties');
  const actions = at(rule, 'action', 'enum');
  if (!Array.isArray(actions) || !actions.includes('accept') || !actions.includes('drop')) return undefined;
  const match = at(rule, 'match', 'items', 'properties');
  const keepsState = at(match, 'ctstate', 'properties', 'value') !== undefined;
  const keepsSets = at(table, 'sets', 'items', 'properties', 'elements', 'items', 'properties', 'key') !== undefined;
  return keepsSets && keepsState ? 'sets' : 'stock';
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = Reflect.get(here, step);
  }
  return here;
}
