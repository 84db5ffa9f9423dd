// What the tests of the controller put into a cluster.
import type { KubeObject } from '../../src/kube/index.ts';

type Whole = KubeObject & { readonly spec?: object; readonly status?: object };

export function network(
  namespace: string,
  name: string,
  cidr: string,
  labels: Readonly<Record<string, string>>,
): Whole {
  return {
    apiVersion: 'ipam.liqo.io/v1alpha1',
    kind: 'Network',
    metadata: { namespace, name, labels },
    spec: { cidr },
    status: { cidr },
  };
}

export const localNetwork = network('liqo', 'pod-cidr', '10.200.0.0/16', { 'ipam.liqo.io/network-type': 'pod-cidr' });
export const remoteNetwork = (cluster: string, cidr: string): Whole =>
  network(`liqo-tenant-${cluster}`, `${cluster}-pod`, cidr, {
    'liqo.io/remote-cluster-id': cluster,
    'configuration.liqo.io/cidr-type': 'pod',
  });

export function pod(namespace: string, name: string, ip: string, labels: Readonly<Record<string, string>> = {}): Whole {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: { nodeName: 'worker-1', containers: [{ name: 'main', image: 'example/app:1' }] },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] },
  };
}

export const guest = (name: string, ip: string, origin = 'rome'): Whole =>
  pod(`demo-${origin}`, name, ip, { 'offloading.liqo.io/origin': origin });

export function peering(cluster: string, rules: readonly object[], name = cluster): Whole {
  return {
    apiVersion: 'security.liqo.io/v1',
    kind: 'PeeringConnectivity',
    metadata: { namespace: `liqo-tenant-${cluster}`, name },
    spec: { rules },
  };
}

export const QUICK_START = [
  { source: { group: 'remote-cluster' }, destination: { group: 'offloaded' }, action: 'allow' },
  { source: { group: 'offloaded' }, destination: { group: 'remote-cluster' }, action: 'allow' },
  { source: { group: 'offloaded' }, action: 'deny' },
];

export const node = (name: string): Whole => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });

/** What the agent of a node says. */
export function report(name: string, programs: readonly object[]): Whole {
  return {
    apiVersion: 'fabric.lattice.dev/v1alpha1',
    kind: 'FabricNodeStatus',
    metadata: { name },
    status: { reportedAt: new Date().toISOString(), reportSeconds: 3600, programs, bypassed: [] },
  };
}
