// What other Kubernetes objects tell the graph: labels, ports, identities, mesh mode. Unknown shapes tell nothing.
import type { Protocol } from '../api/index.ts';
import { keyOf } from './key.ts';
import type { Labels } from './model.ts';

/** Everything about a pod that a door may depend on. */
export interface PodTraits {
  readonly namespace: string;
  readonly labels: Labels;
  readonly account: string;
  readonly hostNetwork: boolean;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: Protocol }[];
  readonly dataplane: 'ambient' | 'none' | 'sidecar' | undefined;
}

/** A pod, or the pods that a workload's template will make. */
export interface PodFact extends PodTraits {
  readonly kind: 'pod';
  /** Kind and key of the object that it was read from. */
  readonly id: string;
}

export interface NamespaceFact {
  readonly kind: 'namespace';
  readonly name: string;
  readonly managed: boolean;
  readonly dataplane: 'ambient' | 'none' | 'sidecar' | undefined;
  /** Key of the Gateway that `istio.io/use-waypoint` names. */
  readonly waypoint: string | undefined;
}

export interface ServiceFact {
  readonly kind: 'service';
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly selector: Labels | undefined;
  readonly headless: boolean;
  /** Whether callers from outside arrive with the address of a node (LoadBalancer or NodePort, externalTrafficPolicy Cluster). */
  readonly hidesCallers: boolean;
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly targetPort: number | string;
    readonly protocol: Protocol;
  }[];
  /** `none` switches the namespace's waypoint off. */
  readonly waypoint: string | undefined;
}

export interface GatewayFact {
  readonly kind: 'gateway';
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** From its status; undefined when a manifest has none. */
  readonly programmed: boolean | undefined;
  readonly serves: 'service' | 'workload' | 'all' | 'none';
}

export type Fact = PodFact | NamespaceFact | ServiceFact | GatewayFact;

/** Istio's label on the pods of a Gateway. */
export const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name';

const POD_TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** Where the pod stands in an object of this kind, such as `spec.template` of a Deployment; undefined where there is none. */
export function podTemplateOf(kind: string): readonly string[] | undefined {
  return Object.hasOwn(POD_TEMPLATES, kind) ? POD_TEMPLATES[kind] : undefined;
}

/** Reads one object of another kind; undefined when it tells the graph nothing. A finished pod tells nothing. */
export function factOf(raw: unknown, defaultNamespace: string): Fact | undefined {
  const kind = text(at(raw, 'kind'));
  const name = text(at(raw, 'metadata', 'name'));
  if (kind === undefined || name === undefined) return undefined;
  const namespace = text(at(raw, 'metadata', 'namespace')) ?? defaultNamespace;
  const template = podTemplateOf(kind);
  if (template) return podFact(raw, kind, namespace, name, at(raw, ...template));
  if (kind === 'Namespace') return namespaceFact(raw, name);
  if (kind === 'Service') return serviceFact(raw, namespace, name);
  if (kind === 'Gateway') return gatewayFact(raw, namespace, name);
  return undefined;
}

/** Identifies the object that a fact was read from. */
export function factId(fact: Fact): string {
  switch (fact.kind) {
    case 'pod':
      return fact.id;
    case 'namespace':
      return `Namespace ${fact.name}`;
    case 'service':
      return `Service ${fact.key}`;
    case 'gateway':
      return `Gateway ${fact.key}`;
  }
}

function podFact(raw: unknown, kind: string, namespace: string, name: string, pod: unknown): PodFact | undefined {
  const phase = text(at(raw, 'status', 'phase'));
  if (kind === 'Pod' && (phase === 'Succeeded' || phase === 'Failed')) return undefined;
  const labels = stringMap(at(pod, 'metadata', 'labels'));
  const containers = [...list(at(pod, 'spec', 'containers')), ...list(at(pod, 'spec', 'initContainers'))];
  return {
    kind: 'pod',
    id: `${kind} ${keyOf(namespace, name)}`,
    namespace,
    labels,
    account: text(at(pod, 'spec', 'serviceAccountName')) ?? text(at(pod, 'spec', 'serviceAccount')) ?? 'default',
    hostNetwork: at(pod, 'spec', 'hostNetwork') === true,
    ports: containers.flatMap((container) => list(at(container, 'ports')).flatMap(containerPort)),
    dataplane: podDataplane(labels, stringMap(at(pod, 'metadata', 'annotations'))),
  };
}

function containerPort(raw: unknown): { name: string; port: number; protocol: Protocol }[] {
  const port = at(raw, 'containerPort');
  return typeof port === 'number'
    ? [{ name: text(at(raw, 'name')) ?? '', port, protocol: protocolOf(at(raw, 'protocol')) }]
    : [];
}

function podDataplane(labels: Labels, annotations: Labels): PodFact['dataplane'] {
  if ((labels['sidecar.istio.io/inject'] ?? annotations['sidecar.istio.io/inject']) === 'true') return 'sidecar';
  const mode = labels['istio.io/dataplane-mode'];
  return mode === 'ambient' || mode === 'none' ? mode : undefined;
}

function namespaceFact(raw: unknown, name: string): NamespaceFact {
  const labels = stringMap(at(raw, 'metadata', 'labels'));
  const mode = labels['istio.io/dataplane-mode'];
  const injected =
    labels['istio-injection'] === 'enabled' || (labels['istio.io/rev'] !== undefined && mode === undefined);
  return {
    kind: 'namespace',
    name,
    managed: labels['lattice.dev/managed'] === 'true',
    dataplane: injected ? 'sidecar' : mode === 'ambient' || mode === 'none' ? mode : undefined,
    waypoint: waypointOf(labels, name),
  };
}

function serviceFact(raw: unknown, namespace: string, name: string): ServiceFact {
  const labels = stringMap(at(raw, 'metadata', 'labels'));
  const selector = stringMap(at(raw, 'spec', 'selector'));
  const type = text(at(raw, 'spec', 'type')) ?? 'ClusterIP';
  const outside = type === 'LoadBalancer' || type === 'NodePort';
  return {
    kind: 'service',
    key: keyOf(namespace, name),
    namespace,
    name,
    selector: Object.keys(selector).length > 0 ? selector : undefined,
    headless: at(raw, 'spec', 'clusterIP') === 'None',
    hidesCallers: outside && at(raw, 'spec', 'externalTrafficPolicy') !== 'Local',
    ports: list(at(raw, 'spec', 'ports')).flatMap((entry) => {
      const port = at(entry, 'port');
      if (typeof port !== 'number') return [];
      const target = at(entry, 'targetPort');
      return [
        {
          name: text(at(entry, 'name')) ?? '',
          port,
          targetPort: typeof target === 'number' || typeof target === 'string' ? target : port,
          protocol: protocolOf(at(entry, 'protocol')),
        },
      ];
    }),
    waypoint: waypointOf(labels, namespace),
  };
}

function gatewayFact(raw: unknown, namespace: string, name: string): GatewayFact {
  const conditions = at(raw, 'status', 'conditions');
  const programmed = list(conditions).find((condition) => at(condition, 'type') === 'Programmed');
  const serves = stringMap(at(raw, 'metadata', 'labels'))['istio.io/waypoint-for'];
  return {
    kind: 'gateway',
    key: keyOf(namespace, name),
    namespace,
    name,
    programmed: conditions === undefined ? undefined : at(programmed, 'status') === 'True',
    serves: serves === 'workload' || serves === 'all' || serves === 'none' ? serves : 'service',
  };
}

function waypointOf(labels: Labels, namespace: string): string | undefined {
  const name = labels['istio.io/use-waypoint'];
  if (name === undefined || name === '') return undefined;
  return name === 'none' ? 'none' : keyOf(labels['istio.io/use-waypoint-namespace'] ?? namespace, name);
}

function protocolOf(value: unknown): Protocol {
  return value === 'UDP' || value === 'SCTP' ? value : 'TCP';
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = Reflect.get(here, step);
  }
  return here;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function stringMap(value: unknown): Labels {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
