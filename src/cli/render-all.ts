import type { Finding, LatticeExternalService, LatticeService } from '../api/index.ts';
import { aroundGraph, type Instance, renderService, type Surroundings } from '../workload/index.ts';
import type { GraphInput } from './load-graph.ts';

/** Everything that runs, in order of the services' names, and what was refused. */
export function renderAll(
  input: GraphInput,
  namespace: string,
): { readonly objects: readonly unknown[]; readonly findings: readonly Finding[] } {
  const around = surroundingsOf(input, namespace);
  const findings: Finding[] = [];
  const objects: unknown[] = [];
  const instances = new Map(input.provisions.instances().map((instance) => [instance.key, instance]));
  for (const [key, { service, secret }] of servicesOf(input, namespace)) {
    const rendered = renderService(service, key.slice(0, key.indexOf('/')), around, secret);
    const instance = instances.get(key);
    if (instance) {
      objects.push(...instance.objects);
      findings.push(...generatedSecret(instance));
    }
    if (rendered.kind === 'adopts') continue;
    findings.push(...rendered.findings);
    if (rendered.kind === 'rendered') objects.push(...rendered.objects);
  }
  return { objects, findings };
}

/** The surroundings of every service among the inputs. */
function surroundingsOf({ graph, provisions, cluster, declared, others }: GraphInput, namespace: string): Surroundings {
  const externals = new Map(
    declared.lattice
      .filter((each): each is LatticeExternalService => each.kind === 'LatticeExternalService')
      .map((each) => [`${each.metadata.namespace ?? namespace}/${each.metadata.name}`, each]),
  );
  const configs = new Map(
    others
      .filter(({ kind, apiVersion, name }) => apiVersion === 'v1' && kind === 'ConfigMap' && name === 'lattice-config')
      .map((object) => [object.namespace, stringsOf(object.raw['data'])]),
  );
  return aroundGraph({
    graph,
    provisions,
    cluster,
    external: (key) => externals.get(key),
    config: (of) => configs.get(of) ?? {},
  });
}

interface ToRender {
  readonly service: LatticeService;
  readonly secret?: string;
}

/** Declared services and those that classes made, sorted by key. */
function servicesOf({ declared, provisions }: GraphInput, namespace: string): readonly (readonly [string, ToRender])[] {
  const services = new Map<string, ToRender>();
  for (const each of declared.lattice) {
    if (each.kind !== 'LatticeService') continue;
    services.set(`${each.metadata.namespace ?? namespace}/${each.metadata.name}`, { service: each });
  }
  for (const { key, node, secret } of provisions.instances()) {
    if (node?.kind === 'LatticeService')
      services.set(key, { service: node, ...(secret ? { secret: secret.name } : {}) });
  }
  return [...services].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Random values cannot be printed again the same: the Secret is named, with the line that makes it. */
function generatedSecret({ secret }: Extract<Instance, { kind: 'provided' }>): readonly Finding[] {
  if (!secret) return [];
  const { namespace, name, fixed, random } = secret;
  const literals = [
    ...Object.entries(fixed).map(([key, value]) => `--from-literal=${key}=${value}`),
    ...random.map((key) => `--from-literal=${key}="$(openssl rand -hex 24)"`),
  ];
  return [
    {
      code: 'SecretNotRendered',
      severity: 'info',
      message: 'is made by the operator, with random values; it is not printed',
      object: { kind: 'Secret', namespace, name },
      fix: `without the operator: kubectl create secret generic ${name} --namespace ${namespace} ${literals.join(' ')}`,
    },
  ];
}

function stringsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
