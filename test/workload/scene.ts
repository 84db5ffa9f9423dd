// An operator at work on the embedded control plane, with simulated pods, and what it wrote and logged.
import type { TestContext } from 'node:test';
import { loadAll } from 'js-yaml';
import { customResourceDefinitions } from '../../src/api/index.ts';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/index.ts';
import { exemptionsOf } from '../../src/graph/index.ts';
import {
  accessOf,
  type Client,
  type ClusterAccess,
  createClient,
  isKubeObject,
  type Kind,
  type KubeObject,
  parseKubeconfig,
  untyped,
} from '../../src/kube/index.ts';
import {
  CONTROLLERS,
  type Controller,
  createLog,
  type Operator,
  podSimulation,
  startOperator,
} from '../../src/operator/index.ts';

export const forever = { signal: new AbortController().signal };

const kind = (group: string, version: string, name: string, plural: string, namespaced = true): Kind =>
  untyped({ group, version, kind: name, plural, namespaced });

export const KINDS = {
  Namespace: kind('', 'v1', 'Namespace', 'namespaces', false),
  Secret: kind('', 'v1', 'Secret', 'secrets'),
  ConfigMap: kind('', 'v1', 'ConfigMap', 'configmaps'),
  Service: kind('', 'v1', 'Service', 'services'),
  ServiceAccount: kind('', 'v1', 'ServiceAccount', 'serviceaccounts'),
  PersistentVolumeClaim: kind('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  Pod: kind('', 'v1', 'Pod', 'pods'),
  Deployment: kind('apps', 'v1', 'Deployment', 'deployments'),
  StatefulSet: kind('apps', 'v1', 'StatefulSet', 'statefulsets'),
  HorizontalPodAutoscaler: kind('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  PodDisruptionBudget: kind('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  NetworkPolicy: kind('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies'),
  LatticeService: kind('lattice.dev', 'v1alpha1', 'LatticeService', 'latticeservices'),
  LatticeExternalService: kind('lattice.dev', 'v1alpha1', 'LatticeExternalService', 'latticeexternalservices'),
  LatticeResourceClass: kind('lattice.dev', 'v1alpha1', 'LatticeResourceClass', 'latticeresourceclasses', false),
} as const;

export type KindKey = keyof typeof KINDS;

export interface Scene {
  readonly plane: ControlPlane;
  readonly client: Client;
  readonly logged: string[];
  /** Applies YAML documents, as a user does. */
  readonly apply: (yaml: string) => Promise<void>;
  readonly get: (kind: KindKey, key: string) => Promise<KubeObject | undefined>;
  readonly remove: (kind: KindKey, key: string) => Promise<void>;
  readonly list: (kind: KindKey) => Promise<readonly string[]>;
  readonly start: (controllers?: readonly Controller[]) => Operator;
}

export interface SceneOptions {
  readonly controllers?: readonly Controller[];
  readonly started?: boolean;
}

export async function openScene(t: TestContext, options: SceneOptions = {}): Promise<Scene> {
  const plane = await startControlPlane({ crds: customResourceDefinitions() });
  const access = accessOf(parseKubeconfig([{ path: 'plane', folder: '.', text: plane.kubeconfig }]));
  const client = createClient(access);
  const logged: string[] = [];
  const operators: Operator[] = [];
  t.after(async () => {
    await Promise.all(operators.map((operator) => operator.close()));
    await client.close();
    await plane.close();
  });
  const start = (controllers = options.controllers ?? allControllers()): Operator => {
    const operator = operate({ access, controllers, identity: `scene-${operators.length}`, logged });
    operators.push(operator);
    return operator;
  };
  const refOf = (key: string) => {
    const [namespace, name] = key.includes('/') ? key.split('/') : [undefined, key];
    return { ...(namespace === undefined ? {} : { namespace }), name: name ?? '' };
  };
  const apply = async (yaml: string): Promise<void> => {
    for (const object of loadAll(yaml).filter(isKubeObject)) {
      const { namespace } = object.metadata;
      if (namespace !== undefined && !(await client.find(KINDS.Namespace, { name: namespace }, forever))) {
        await client.apply(
          KINDS.Namespace,
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
          forever,
        );
      }
      await client.apply(kindOf(object.kind), object, { ...forever, force: true, manager: 'user' });
    }
  };
  if (options.started !== false) await start().ready;
  return {
    plane,
    client,
    logged,
    apply,
    start,
    get: (of, key) => client.find(KINDS[of], refOf(key), forever),
    remove: (of, key) => client.delete(KINDS[of], refOf(key), forever),
    list: async (of) =>
      (await client.list(KINDS[of], forever))
        .map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`)
        .sort(),
  };
}

/** An operator that closes by NetworkPolicies, without a mesh. It logs everything into `logged`, line by line. */
export function operate(options: {
  readonly access: ClusterAccess;
  readonly controllers: readonly Controller[];
  readonly identity: string;
  readonly logged: string[];
}): Operator {
  const { logged, ...own } = options;
  const exemptions = exemptionsOf();
  return startOperator({
    ...own,
    settings: { mesh: 'none', exemptions },
    compile: {
      engines: ['kubernetes'],
      trustDomain: 'cluster.local',
      clusterName: 'default',
      mesh: 'none',
      exemptions,
    },
    log: createLog({ level: 'debug', write: (line) => logged.push(line), terminal: false, wall: () => 0 }),
  });
}

export function allControllers(): readonly Controller[] {
  return [...Object.values(CONTROLLERS).map((make) => make()), podSimulation({ makesPods: true })];
}

function kindOf(name: string): Kind {
  const found = Object.values(KINDS).find((each) => each.kind === name);
  if (!found) throw new Error(`no kind ${name}`);
  return found;
}

/** Of a busy machine. */
const LIMIT_MS = 90_000;

/** Waits for what the probe says to be true; it asks again whenever it is not. */
export async function until<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T> {
  const end = performance.now() + LIMIT_MS;
  while (performance.now() < end) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  throw new Error(`it did not come true: ${what}`);
}
