// What is declared in the cluster that is measured, and what has to follow from it.
import { customResourceDefinitions, type LatticeService, parseObject } from '../../src/api/index.ts';
import { engineDefinitions } from '../../src/cli/dev/engine-definitions.ts';
import { exemptionsOf, ServiceGraph, unitId } from '../../src/graph/index.ts';
import { apiVersionOf, type Client, isKubeObject, type Kind, type KubeObject, untyped } from '../../src/kube/index.ts';
import {
  compileAll,
  type CompileOptions,
  compileUnit,
  type Engine,
  enginesFor,
  type KubernetesObject,
} from '../../src/policy/index.ts';
import { until } from '../../test/e2e/until.ts';
import { drawGraph, rawServices, type ShapeName } from '../fixture.ts';
import { pool } from '../kube/pool.ts';

const OPTIONS: CompileOptions = {
  engines: ['cilium', 'istio'],
  trustDomain: 'cluster.local',
  clusterName: 'default',
  mesh: 'ambient',
  exemptions: exemptionsOf(),
};

const kind = (group: string, version: string, name: string, plural: string, namespaced = true): Kind =>
  untyped({ group, version, kind: name, plural, namespaced });
export const SERVICE = kind('lattice.dev', 'v1alpha1', 'LatticeService', 'latticeservices');
export const WRITTEN: readonly Kind[] = [
  kind('cilium.io', 'v2', 'CiliumNetworkPolicy', 'ciliumnetworkpolicies'),
  kind('security.istio.io', 'v1', 'AuthorizationPolicy', 'authorizationpolicies'),
];
const DEFINITION = kind('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', 'customresourcedefinitions', false);

export const call = { signal: new AbortController().signal } as const;
/** Requests at a time, of every client that is compared. */
export const IN_FLIGHT = 32;

export function declaredServices(shape: ShapeName): LatticeService[] {
  return [...rawServices(drawGraph(shape))].map((raw) => {
    const parsed = parseObject(raw);
    if (!parsed.ok || parsed.value.kind !== 'LatticeService') throw new Error('the fixture is no declaration');
    return parsed.value;
  });
}

export function graphOf(services: readonly LatticeService[]): ServiceGraph {
  return ServiceGraph.of(services, { mesh: OPTIONS.mesh, exemptions: OPTIONS.exemptions });
}

export function compiled(graph: ServiceGraph): readonly KubernetesObject[] {
  return compileAll(graph, enginesFor(OPTIONS), OPTIONS).drafts.map(({ object }) => object);
}

/** What an edit may change: the objects of every unit that it affects, compiled as the operator does. */
export function neighbourhood(
  graph: ServiceGraph,
  engines: readonly Engine[],
  service: LatticeService,
): readonly KubernetesObject[] {
  const affected = graph.put(service);
  return graph
    .units()
    .filter((unit) => affected.has(unitId(unit)))
    .flatMap((unit) => compileUnit(graph, unit, engines, OPTIONS).drafts.map(({ object }) => object));
}

export const newEngines = (): readonly Engine[] => enginesFor(OPTIONS);

export function kindOf(object: { readonly kind: string }): Kind {
  const found = WRITTEN.find((each) => each.kind === object.kind);
  if (!found) throw new Error(`${object.kind} is not in this fixture`);
  return found;
}

export async function install(client: Client): Promise<void> {
  for (const definition of [...customResourceDefinitions(), ...engineDefinitions()]) {
    if (isKubeObject(definition)) await client.apply(DEFINITION, definition, { ...call, force: true });
  }
  await until('the kinds are served', async () => {
    for (const each of [SERVICE, ...WRITTEN]) await client.list(each, { ...call, namespace: 'default' });
    return true;
  });
}

export async function declare(client: Client, services: readonly LatticeService[]): Promise<void> {
  await forEach(services, async (service) => {
    await client.apply(SERVICE, stored(service), { ...call, force: true });
  });
}

export function stored({ metadata, spec }: LatticeService): KubeObject & { readonly spec: unknown } {
  const { name, namespace = 'default' } = metadata;
  return { apiVersion: apiVersionOf(SERVICE), kind: 'LatticeService', metadata: { name, namespace }, spec };
}

/** Statuses as long as the operator's, which say something else. */
export async function applyStatuses(client: Client, services: readonly LatticeService[]): Promise<void> {
  const conditions = ['Ready', 'Compiled', 'Agreed', 'Enforced', 'DefaultDeny', 'Exclusive'].map((type) => ({
    type,
    status: 'Unknown',
    reason: 'Pending',
    message: 'every agreed edge will be enforced soon',
    lastTransitionTime: '2026-01-01T00:00:00Z',
    observedGeneration: 1,
  }));
  await forEach(services, async (service) => {
    const { spec: _spec, ...named } = stored(service);
    const status = { phase: 'Pending', conditions, observedGeneration: 1 };
    const object: KubeObject & { readonly status: object } = { ...named, status };
    await client.apply(SERVICE, object, { ...call, force: true, subresource: 'status' });
  });
}

export async function removeWritten(client: Client): Promise<void> {
  for (const each of WRITTEN) {
    const objects = await client.list(each, { ...call, namespace: 'default' });
    await forEach(objects, (object) => client.delete(each, object.metadata, call));
  }
}

export async function versions(client: Client): Promise<string> {
  const lists = await Promise.all(
    [SERVICE, ...WRITTEN].map((each) => client.list(each, { ...call, namespace: 'default' })),
  );
  return lists
    .flat()
    .map(({ kind: name, metadata }) => `${name} ${metadata.name} ${metadata.resourceVersion}`)
    .sort()
    .join('\n');
}

/** As many at a time as a client has requests. */
export async function forEach<T>(items: readonly T[], task: (item: T) => Promise<unknown>): Promise<void> {
  await pool(items.length, IN_FLIGHT, async (index) => {
    const item = items[index];
    if (item !== undefined) await task(item);
  });
}
