import { createHash } from 'node:crypto';
import { byText, compact, type JsonObject } from '../json.ts';
import { isStored, type Registry } from '../kinds/registry.ts';
import { apiVersionOf, type Resource } from '../kinds/resource.ts';

/** `/apis`: the groups and their versions. */
export function groupList(registry: Registry): JsonObject {
  const groups = registry.groups().filter((group) => group.name !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map((group) => groupOf(group.name, group.versions)) };
}

const groupOf = (name: string, versions: readonly string[]): JsonObject => {
  const named = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: named, preferredVersion: named[0] ?? {} };
};

/** `/apis/GROUP`; undefined if the group is not served. */
export function oneGroup(registry: Registry, name: string): JsonObject | undefined {
  const group = registry.groups().find((candidate) => candidate.name === name);
  return group && { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(name, group.versions) };
}

/** `/api` */
export function coreVersions(address: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** `/api/v1`, `/apis/GROUP/VERSION`; undefined if the version is not served. */
export function resourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const served = servedBy(registry, group, version);
  if (served.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf({ group, version }),
    resources: served.flatMap(entriesOf),
  };
}

const servedBy = (registry: Registry, group: string, version: string): readonly Resource[] =>
  registry
    .all()
    .filter((resource) => resource.group === group && resource.version === version)
    .sort((left, right) => byText(left.plural, right.plural));

function entriesOf(resource: Resource): readonly JsonObject[] {
  const main = compact({
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: resource.verbs,
    shortNames: resource.shortNames.length > 0 ? resource.shortNames : undefined,
    categories: resource.categories.length > 0 ? resource.categories : undefined,
    storageVersionHash: isStored(resource) ? storageHash(resource) : undefined,
  });
  const parts = subresourcesOf(resource).map(({ name, group, version, kind, verbs }) =>
    compact({
      name: `${resource.plural}/${name}`,
      singularName: '',
      namespaced: resource.namespaced,
      group: group === resource.group && version === resource.version ? undefined : group,
      version: group === resource.group && version === resource.version ? undefined : version,
      kind,
      verbs,
    }),
  );
  return [main, ...parts];
}

/** Changes when the stored form of a kind does. */
const storageHash = ({ storedAs, kind }: Resource): string =>
  createHash('sha256').update(`${storedAs}/${kind}`).digest().subarray(0, 8).toString('base64');

interface Part {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** The subresources of a resource, by name. */
export function subresourcesOf(resource: Resource): readonly Part[] {
  const { group, version, kind } = resource;
  const verbs = ['get', 'patch', 'update'] as const;
  const scale = resource.scale ? [{ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs }] : [];
  const status = resource.status ? [{ name: 'status', group, version, kind, verbs }] : [];
  return [
    ...(resource.finalize ? [{ name: 'finalize', group, version, kind, verbs: ['update'] }] : []),
    ...(resource.typeName === undefined ? [...status, ...scale] : [...scale, ...status]),
  ];
}

/** All of discovery in one document: what kubectl asks for first. `core` picks `/api` or `/apis`. */
export function aggregated(registry: Registry, core: boolean): JsonObject {
  const groups = registry.groups().filter((group) => (group.name === '') === core);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => ({
      metadata: group.name === '' ? {} : { name: group.name },
      versions: group.versions.map((version) => ({
        version,
        resources: servedBy(registry, group.name, version).map(aggregatedEntry),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregatedEntry(resource: Resource): JsonObject {
  const { group, version, kind } = resource;
  const parts = subresourcesOf(resource).map((part) => ({
    subresource: part.name,
    responseKind: responseKind(resource, part.group, part.version, part.kind),
    verbs: part.verbs,
  }));
  return compact({
    resource: resource.plural,
    responseKind: responseKind(resource, group, version, kind),
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    shortNames: resource.shortNames.length > 0 ? resource.shortNames : undefined,
    categories: resource.categories.length > 0 ? resource.categories : undefined,
    subresources: parts.length > 0 ? parts : undefined,
  });
}

/** Built-in kinds of the group itself are named without it, as the server does. */
function responseKind(resource: Resource, group: string, version: string, kind: string): JsonObject {
  const own = resource.typeName !== undefined && group === resource.group && version === resource.version;
  return own ? { group: '', version: '', kind } : { group, version, kind };
}

/** The paths of the root document. */
export function rootPaths(registry: Registry): JsonObject {
  const groups = registry
    .groups()
    .flatMap(({ name, versions }) =>
      name === '' ? ['/api', '/api/v1'] : [`/apis/${name}`, ...versions.map((version) => `/apis/${name}/${version}`)],
    );
  const fixed = ['/apis', '/healthz', '/livez', '/openapi/v3', '/readyz', '/version'];
  return { paths: [...groups, ...fixed].sort(byText) };
}
