import { hash } from 'node:crypto';
import { canonicalJson, type KubeObject } from '../../kube/index.ts';

/** A pod of the simulation, as it is kept. */
export interface SimulatedPod {
  readonly name: string;
  /** Of the template that it was made from. */
  readonly template: string;
  readonly ready: boolean;
}

/** What the owner of pods asks for. */
export interface PodOwner {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly apiVersion: string;
  readonly generation: number;
  readonly replicas: number;
  readonly template: Readonly<Record<string, unknown>>;
}

export interface PodPlan {
  readonly create: readonly KubeObject[];
  /** Names. */
  readonly remove: readonly string[];
  readonly status: Readonly<Record<string, number>>;
}

export const TEMPLATE_LABEL = 'lattice.dev/simulated-template';

/** Which pods an owner should have: old ones go when all new ones are ready, as in a rollout. Pure. */
export function decidePods(owner: PodOwner, pods: readonly SimulatedPod[]): PodPlan {
  const template = hash('sha256', canonicalJson(owner.template), 'hex').slice(0, 10);
  const wanted = Array.from({ length: owner.replicas }, (_, index) => `${owner.name}-${template}-${index}`);
  const present = new Set(pods.map(({ name }) => name));
  const current = pods.filter((pod) => pod.template === template && wanted.includes(pod.name));
  const ready = current.filter((pod) => pod.ready).length;
  const surplus = pods.filter((pod) => !wanted.includes(pod.name));
  return {
    create: wanted.filter((name) => !present.has(name)).map((name) => podOf(owner, name, template)),
    remove: ready >= owner.replicas ? surplus.map(({ name }) => name) : [],
    status: {
      observedGeneration: owner.generation,
      replicas: pods.length,
      updatedReplicas: current.length,
      readyReplicas: ready,
      availableReplicas: ready,
    },
  };
}

function podOf(owner: PodOwner, name: string, template: string): KubeObject & { readonly spec: unknown } {
  const metadata = recordAt(owner.template, 'metadata');
  const labels = recordAt(metadata, 'labels');
  const { apiVersion, kind, uid } = owner;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: owner.namespace,
      labels: { ...stringsOf(labels), [TEMPLATE_LABEL]: template },
      annotations: { ...stringsOf(recordAt(metadata, 'annotations')), 'lattice.dev/simulated': 'true' },
      ownerReferences: [{ apiVersion, kind, name: owner.name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: owner.template['spec'],
  };
}

function recordAt(value: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const found = value[name];
  return typeof found === 'object' && found !== null ? Object.fromEntries(Object.entries(found)) : {};
}

function stringsOf(value: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
