// The cluster in which the original engine was measured: 10,000 pods in 50 namespaces, one peering of nine rules.
import { isKubeObject, type KubeObject } from '../../src/kube/index.ts';
import { at } from '../../src/kube/json.ts';
import { KINDS, type Scene } from '../../test/peering/scene.ts';
import { network, node, peering } from '../../test/peering/world.ts';
import { podJson } from '../kube/pods.ts';
import { namespaceOf } from '../kube/policies.ts';
import { pool } from '../kube/pool.ts';

const signal = new AbortController().signal;
const NAMESPACES = 50;
/** The Node that the agent runs for; the pods' own nodes are no objects. */
export const AGENT_NODE = 'bench';

type Labels = Readonly<Record<string, string>>;

/** Puts everything there but the peering. */
export async function prepare(scene: Scene, pods: number): Promise<void> {
  const { client } = scene;
  const spaces = Array.from({ length: NAMESPACES }, (_, index) => namespaceOf(index));
  for (const name of [...spaces, 'liqo', 'liqo-tenant-rome'])
    await client.create(KINDS.Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { signal });
  await pool(pods, 32, async (index) => createPod(scene, podOf(index)));
  const peer = { 'liqo.io/remote-cluster-id': 'rome' };
  const tenant = 'liqo-tenant-rome';
  const networks = [
    network('liqo', 'pod-cidr', '10.200.0.0/16', { 'ipam.liqo.io/network-type': 'pod-cidr' }),
    network(tenant, 'rome-pod', '10.61.0.0/16', { ...peer, 'configuration.liqo.io/cidr-type': 'pod' }),
    network(tenant, 'rome-external', '10.71.0.0/16', { ...peer, 'configuration.liqo.io/cidr-type': 'external' }),
  ];
  for (const object of [...networks, node(AGENT_NODE)]) await scene.put(object);
  for (const namespace of spaces.slice(0, 10)) {
    const offloading: KubeObject & { readonly spec: object } = {
      apiVersion: 'offloading.liqo.io/v1beta1',
      kind: 'NamespaceOffloading',
      metadata: { namespace, name: 'offloading' },
      spec: { podOffloadingStrategy: 'LocalAndRemote', clusterSelector: { nodeSelectorTerms: [] } },
    };
    await scene.put(offloading);
  }
}

export async function declarePeering(scene: Scene): Promise<void> {
  const rule = (source: string, destination: string | undefined, action: string) => ({
    source: { group: source },
    ...(destination === undefined ? {} : { destination: { group: destination } }),
    action,
  });
  const rules = [
    rule('remote-cluster', 'offloaded', 'allow'),
    rule('offloaded', 'remote-cluster', 'allow'),
    rule('offloaded', 'offloaded', 'allow'),
    rule('vc-local', 'vc-remote', 'allow'),
    rule('vc-remote', 'vc-local', 'allow'),
    rule('offloaded', 'private-subnets', 'deny'),
    rule('remote-cluster', 'local-cluster', 'deny'),
    rule('offloaded', undefined, 'deny'),
    rule('remote-cluster', undefined, 'deny'),
  ];
  await scene.put(peering('rome', rules));
}

/** Addresses in sets once everything is known, with `pods` pods. */
export function membersOf(pods: number): number {
  let members = 0;
  for (let index = 0; index < pods; index++) if (index % NAMESPACES < 10 || isGuest(index)) members++;
  return members;
}

export interface BenchPod {
  readonly object: KubeObject;
  readonly status: unknown;
}

/** Pod `index`: shadow pods in namespaces 0 to 9, offloaded ones in 10 to 19, fifty in each. */
function podOf(index: number): BenchPod {
  const row = Math.floor(index / NAMESPACES);
  if (index % NAMESPACES < 10 && row < 50) return podWith(index, { 'liqo.io/shadowPod': 'true' }, 'rome');
  return podWith(index, isGuest(index) ? { 'offloading.liqo.io/origin': 'rome' } : {});
}

function isGuest(index: number): boolean {
  const space = index % NAMESPACES;
  return space >= 10 && space < 20 && Math.floor(index / NAMESPACES) < 50;
}

/** The pod of event `index`: one more that is offloaded to us, in app-12. */
export function eventPod(index: number, ip: string): BenchPod {
  const { object, status } = podWith(12, { 'offloading.liqo.io/origin': 'rome' });
  return {
    object: { ...object, metadata: { ...object.metadata, name: `event-${index}` } },
    status: { ...(typeof status === 'object' ? status : {}), podIP: ip, podIPs: [{ ip }] },
  };
}

async function createPod(scene: Scene, { object, status }: BenchPod): Promise<void> {
  await scene.client.create(KINDS.Pod, object, { signal });
  await writeStatus(scene, { object, status });
}

export async function writeStatus(scene: Scene, { object, status }: BenchPod): Promise<void> {
  await scene.client.mergePatch(KINDS.Pod, object.metadata, { status }, { signal, subresource: 'status' });
}

function podWith(index: number, more: Labels, nodeName?: string): BenchPod {
  const pod: unknown = JSON.parse(podJson(index, 1));
  if (!isKubeObject(pod)) throw new Error('a pod that is no object');
  const { name, namespace = '', labels = {}, annotations = {} } = pod.metadata;
  const spec = at(pod, 'spec');
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { ...labels, ...more }, annotations },
    spec: { ...(typeof spec === 'object' ? spec : {}), ...(nodeName === undefined ? {} : { nodeName }) },
  };
  return { object, status: at(pod, 'status') };
}
