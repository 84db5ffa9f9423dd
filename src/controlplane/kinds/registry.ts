import { customResources } from '../crd/custom-resources.ts';
import { byText } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { nameOf } from '../meta.ts';
import type { Store } from '../store/store.ts';
import type { Builtins } from './builtin-resources.ts';
import type { Resource } from './resource.ts';

/** What is served right now: the built-in kinds, and what the stored definitions add. */
export interface Registry {
  readonly all: () => readonly Resource[];
  readonly find: (group: string, version: string, plural: string) => Resource | undefined;
  readonly findKind: (group: string, version: string, kind: string) => Resource | undefined;
  /** Any served version of a stored collection. */
  readonly ofCollection: (collection: string) => Resource | undefined;
  readonly groups: () => readonly Group[];
  /** Changes with every change of what is served. */
  readonly revision: () => number;
}

export interface Group {
  readonly name: string;
  /** Best first. */
  readonly versions: readonly string[];
}

export const DEFINITIONS = 'apiextensions.k8s.io/customresourcedefinitions';

/** Follows the definitions in the store: a kind is served as soon as its definition is written. */
export function createRegistry(store: Store, builtins: Builtins): Registry {
  const meta = builtins.type('meta.v1.ObjectMeta');
  const tidyMeta = (metadata: JsonObject): JsonObject => builtins.tidy(metadata, 'meta.v1.ObjectMeta');
  const custom = new Map<string, readonly Resource[]>();
  const index = new Map<string, Resource>();
  let revision = 1;
  let listed: readonly Resource[] = builtins.resources;

  const rebuild = (): void => {
    revision += 1;
    listed = [...builtins.resources, ...[...custom.values()].flat()];
    index.clear();
    for (const resource of listed) index.set(pathKey(resource.group, resource.version, resource.plural), resource);
  };
  rebuild();
  store.listen(DEFINITIONS, (event) => {
    const name = nameOf(event.object);
    if (event.type === 'DELETED') custom.delete(name);
    else if (event.previous && event.previous.spec === event.object.spec) return;
    else custom.set(name, customResources(event.object, meta, tidyMeta));
    rebuild();
  });

  return {
    all: () => listed,
    find: (group, version, plural) => index.get(pathKey(group, version, plural)),
    findKind: (group, version, kind) =>
      listed.find(
        (resource) =>
          resource.group === group && resource.version === version && resource.kind === kind && isStored(resource),
      ),
    ofCollection: (collection) => listed.find((resource) => resource.collection === collection && isStored(resource)),
    groups: () => groupsOf(listed),
    revision: () => revision,
  };
}

const pathKey = (group: string, version: string, plural: string): string => `${group}/${version}/${plural}`;

/** Reviews are answered, not stored. */
export const isStored = (resource: Resource): boolean => resource.verbs.includes('get');

function groupsOf(resources: readonly Resource[]): readonly Group[] {
  const versions = new Map<string, Set<string>>();
  for (const { group, version } of resources) {
    const known = versions.get(group) ?? new Set();
    versions.set(group, known.add(version));
  }
  return [...versions].map(([name, found]) => ({ name, versions: [...found].sort(byPriority) }));
}

const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/** v2 before v1 before v1beta2 before v1alpha1, then everything else by name. */
function byPriority(left: string, right: string): number {
  const a = VERSION.exec(left);
  const b = VERSION.exec(right);
  if (!a || !b) return a ? -1 : b ? 1 : byText(left, right);
  const rank = (match: RegExpExecArray): number => (match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0);
  return rank(b) - rank(a) || Number(b[1]) - Number(a[1]) || Number(b[3] ?? 0) - Number(a[3] ?? 0);
}
