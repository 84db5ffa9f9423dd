import { isLattice, type LatticeService, parseObject } from '../../api/index.ts';
import { entryKind } from '../resource/entry.ts';
import type { Instance } from './instance.ts';
import { isCaller } from './provide.ts';

/**
 * What a class made for a service, as the status of the service remembers it: who its pods are, and what they agree to
 * beside their users. While there are pods of it they stay closed by this, whether or not anybody still asks for it.
 */
export interface KeptInstance {
  readonly name: string;
  /** Of a LatticeService that adopts these pods. */
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What is to be remembered of an instance; undefined when it has no pods in the cluster. */
export function keptInstance(instance: Extract<Instance, { kind: 'provided' }>): KeptInstance | undefined {
  const { node } = instance;
  if (node?.kind !== 'LatticeService') return undefined;
  const { name } = node.metadata;
  const {
    selector = { matchLabels: { 'app.kubernetes.io/name': name } },
    serviceAccount,
    services,
    service,
  } = node.spec;
  const account = serviceAccount ?? (node.spec.containers ? name : undefined);
  const resources = Object.entries(node.spec.resources ?? {}).filter(
    ([entry, resource]) => !isCaller(entry) && entryKind(resource) !== 'volume',
  );
  const spec = {
    selector,
    ...(account === undefined ? {} : { serviceAccount: account }),
    ...(services ? { services } : {}),
    ...(service ? { service } : {}),
    ...(resources.length > 0 ? { resources: Object.fromEntries(resources) } : {}),
  };
  return { name, spec };
}

/** Reads `status.workload.instances`; what is not of that shape is left out. */
export function readKept(status: unknown): readonly KeptInstance[] {
  const list = field(field(status, 'workload'), 'instances');
  return (Array.isArray(list) ? list : []).flatMap((each: unknown): KeptInstance[] => {
    const [name, spec] = [field(each, 'name'), field(each, 'spec')];
    if (typeof name !== 'string' || typeof spec !== 'object' || spec === null) return [];
    return [{ name, spec: Object.fromEntries(Object.entries(spec)) }];
  });
}

/** The part of a stored status that a declaration has to carry: what is remembered there. */
export function statusWithKept(status: unknown): { readonly status?: Readonly<Record<string, unknown>> } {
  const instances = readKept(status);
  return instances.length === 0 ? {} : { status: { workload: { instances } } };
}

/** What a service's status remembers, as nodes of the graph in the service's namespace. */
export function keptNodes(service: LatticeService, namespace: string): readonly LatticeService[] {
  return readKept(service.status).flatMap(({ name, spec }): LatticeService[] => {
    const metadata = { name, namespace };
    const raw = { apiVersion: 'lattice.dev/v1alpha1', kind: 'LatticeService', metadata, spec };
    const parsed = isLattice(raw) ? parseObject(raw) : undefined;
    return parsed?.ok && parsed.value.kind === 'LatticeService' ? [parsed.value] : [];
  });
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
