// Which kinds the server knows: aggregated discovery (two requests), else the walk over every group.
import { KubeError, means } from '../errors.ts';
import { at, isRecord, stringAt, type Json } from '../json.ts';
import type { KindName } from '../kind.ts';
import type { Call, Client } from './client.ts';

export interface DiscoveredKind extends KindName {
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
  /** The version of its group that the server prefers. */
  readonly preferred: boolean;
}

/** All kinds in all served versions. Groups whose aggregated server is down are left out, as kubectl does. */
export async function discover(client: Client, call: Call): Promise<readonly DiscoveredKind[]> {
  const [core, groups] = await Promise.all([aggregated(client, '/api', call), aggregated(client, '/apis', call)]);
  const found = await Promise.all([
    core.aggregated ? kindsOfGroups(core.body) : legacyCore(client, core.body, call),
    groups.aggregated ? kindsOfGroups(groups.body) : legacyGroups(client, groups.body, call),
  ]);
  return found.flat();
}

/** The kind's name as the server serves it at this apiVersion, or undefined. */
export function findKind(
  kinds: readonly DiscoveredKind[],
  apiVersion: string,
  kind: string,
): DiscoveredKind | undefined {
  const slash = apiVersion.indexOf('/');
  const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  return kinds.find((known) => known.group === group && known.version === version && known.kind === kind);
}

const ACCEPT =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,' +
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

async function aggregated(
  client: Client,
  path: string,
  call: Call,
): Promise<{ readonly aggregated: boolean; readonly body: Json }> {
  const body = await client.raw(path, { ...call, accept: ACCEPT });
  return { aggregated: stringAt(body, 'kind') === 'APIGroupDiscoveryList', body };
}

function kindsOfGroups(body: Json): readonly DiscoveredKind[] {
  return listAt(body, 'items').flatMap((group) =>
    listAt(group, 'versions').flatMap((version, index) =>
      listAt(version, 'resources').map((resource) => ({
        group: stringAt(group, 'metadata', 'name') ?? '',
        version: stringAt(version, 'version') ?? '',
        kind: stringAt(resource, 'responseKind', 'kind') ?? '',
        plural: stringAt(resource, 'resource') ?? '',
        namespaced: stringAt(resource, 'scope') === 'Namespaced',
        verbs: stringsAt(resource, 'verbs'),
        subresources: listAt(resource, 'subresources').map((each) => stringAt(each, 'subresource') ?? ''),
        preferred: index === 0,
      })),
    ),
  );
}

async function legacyCore(client: Client, body: Json, call: Call): Promise<readonly DiscoveredKind[]> {
  const versions = stringsAt(body, 'versions');
  const lists = await Promise.all(versions.map((version) => client.raw(`/api/${version}`, call)));
  return lists.flatMap((list, index) => kindsOfList(list, '', versions[index] ?? '', index === 0));
}

async function legacyGroups(client: Client, body: Json, call: Call): Promise<readonly DiscoveredKind[]> {
  const wanted = listAt(body, 'groups').flatMap((group) =>
    listAt(group, 'versions').map((version) => ({
      group: stringAt(group, 'name') ?? '',
      version: stringAt(version, 'version') ?? '',
      preferred: stringAt(group, 'preferredVersion', 'version') === stringAt(version, 'version'),
    })),
  );
  const lists = await Promise.all(
    wanted.map(async ({ group, version, preferred }) => {
      try {
        return kindsOfList(await client.raw(`/apis/${group}/${version}`, call), group, version, preferred);
      } catch (error) {
        if (means(error, 'unavailable', 'notFound', 'serverError')) return [];
        throw error;
      }
    }),
  );
  return lists.flat();
}

function kindsOfList(list: Json, group: string, version: string, preferred: boolean): readonly DiscoveredKind[] {
  const resources = listAt(list, 'resources');
  if (stringAt(list, 'kind') !== 'APIResourceList')
    throw new KubeError('malformed', `discovery of ${group}/${version}: not an APIResourceList`);
  return resources
    .filter((resource) => !(stringAt(resource, 'name') ?? '/').includes('/'))
    .map((resource) => {
      const plural = stringAt(resource, 'name') ?? '';
      return {
        group,
        version,
        kind: stringAt(resource, 'kind') ?? '',
        plural,
        namespaced: at(resource, 'namespaced') === true,
        verbs: stringsAt(resource, 'verbs'),
        subresources: resources
          .map((each) => stringAt(each, 'name') ?? '')
          .filter((name) => name.startsWith(`${plural}/`))
          .map((name) => name.slice(plural.length + 1)),
        preferred,
      };
    });
}

function listAt(value: unknown, field: string): readonly Readonly<Record<string, unknown>>[] {
  const list = at(value, field);
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function stringsAt(value: unknown, field: string): readonly string[] {
  const list = at(value, field);
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}
