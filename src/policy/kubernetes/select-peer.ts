import { type Cidr, formatCidr } from '../../api/index.ts';
import type { Labels, Waypoint, Workload } from '../../graph/index.ts';
import { type LabelMatch, matchesOf } from './label-match.ts';
import type { LabelSelector, PolicyPeer } from './spec.ts';

/** The other end of a grant; NetworkPolicy mixes pods and addresses in one rule, so there is one kind. */
export interface Peer {
  readonly kind: 'peer';
  readonly key: string;
  readonly bytes: number;
  readonly peers: readonly PolicyPeer[];
}

/** Where peers are built and remembered. */
export interface PeerBook {
  readonly workload: (workload: Workload) => Peer;
  readonly waypoint: (waypoint: Waypoint) => Peer;
}

/** Pods are named by namespace and labels: NetworkPolicy knows neither ServiceAccounts nor clusters (surprise 16). */
export function openPeerBook(): PeerBook {
  const workloads = new WeakMap<Workload, Peer>();
  return {
    workload: (workload) => {
      const known = workloads.get(workload);
      if (known) return known;
      const peer = podPeer(`pod ${workload.key}`, workload.namespace, workload.selectors);
      workloads.set(workload, peer);
      return peer;
    },
    waypoint: ({ namespace, name }) => podPeer(`waypoint ${namespace}/${name}`, namespace, [gatewayLabels({ name })]),
  };
}

/** Pods of one namespace that have all labels of one of `alternatives`. */
export function podPeer(key: string, namespace: string, alternatives: readonly Labels[]): Peer {
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
  const peers = matchesOf(alternatives).map((match) => ({ namespaceSelector, podSelector: podSelector(match) }));
  return { kind: 'peer', key, bytes: JSON.stringify(peers).length, peers };
}

export function addressPeer(cidr: Cidr, except: readonly string[] = []): Peer {
  const text = formatCidr(cidr);
  const ipBlock = { cidr: text, ...(except.length > 0 ? { except } : {}) };
  return {
    kind: 'peer',
    key: `cidr ${text}`,
    bytes: text.length + 24 + except.join('","').length,
    peers: [{ ipBlock }],
  };
}

export function podSelector({ labels, oneOf }: LabelMatch): LabelSelector {
  return {
    ...(Object.keys(labels).length > 0 ? { matchLabels: labels } : {}),
    ...(oneOf ? { matchExpressions: [{ key: oneOf.key, operator: 'In', values: oneOf.values }] } : {}),
  };
}

/** Whether a Gateway's pods can be selected: its name is a label's value there. */
export function isSelectable({ name }: Pick<Waypoint, 'name'>): boolean {
  return name.length <= 63;
}

export const SHORTER_NAME = 'give the Gateway a name of at most 63 characters';

/** The labels that Istio puts on the pods of a Gateway (X3). */
export function gatewayLabels({ name }: Pick<Waypoint, 'name'>): Labels {
  return { 'gateway.networking.k8s.io/gateway-name': name };
}
