// Entities: names for groups of peers that no label of a workload describes (C15, C17).
import { CLUSTER_LABEL } from './identity.ts';
import { labelSelector, type Selector } from './selector.ts';

/** The selectors that an entity stands for; one of them must select. */
export function entitySelectors(entity: string, localCluster: string): readonly Selector[] {
  if (entity === 'cluster')
    return [
      ...IN_CLUSTER.map(reserved),
      labelSelector({ labels: [[`k8s:${CLUSTER_LABEL}`, localCluster]], expressions: [] }),
    ];
  if (entity === 'cluster-mesh')
    return [
      ...IN_CLUSTER.map(reserved),
      labelSelector({ labels: [], expressions: [{ key: CLUSTER_LABEL, operator: 'Exists', values: [] }] }),
    ];
  if (entity === 'all') return [labelSelector({ labels: [], expressions: [] })];
  if (entity === 'world') return ['world', 'world-ipv4', 'world-ipv6'].map(reserved);
  return [reserved(entity)];
}

const IN_CLUSTER = ['host', 'remote-node', 'init', 'ingress', 'health', 'unmanaged', 'kube-apiserver'];

function reserved(name: string): Selector {
  return labelSelector({ labels: [[`reserved:${name}`, '']], expressions: [] });
}
