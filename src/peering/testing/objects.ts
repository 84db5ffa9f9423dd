// Objects of Kubernetes and Liqo as tests write them: only what matters is said.

export interface PodWords {
  readonly ip?: string;
  readonly ips?: readonly string[];
  readonly node?: string;
  readonly shadow?: boolean;
  readonly origin?: string;
  readonly phase?: string;
  readonly leaving?: boolean;
  readonly hostNetwork?: boolean;
}

export interface RawObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec?: object;
  readonly status?: object;
}

export function pod(namespace: string, name: string, words: PodWords = {}): RawObject {
  const { ip, ips, node, shadow, origin, phase = 'Running', leaving, hostNetwork } = words;
  const labels = {
    ...(shadow === true ? { 'liqo.io/shadowPod': 'true' } : {}),
    ...(origin === undefined ? {} : { 'offloading.liqo.io/origin': origin }),
  };
  const all = ips ?? (ip === undefined ? [] : [ip]);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels, ...(leaving === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: {
      ...(node === undefined ? {} : { nodeName: node }),
      ...(hostNetwork === true ? { hostNetwork: true } : {}),
    },
    status: { phase, ...(all.length > 0 ? { podIP: all[0], podIPs: all.map((each) => ({ ip: each })) } : {}) },
  };
}

export function node(name: string, cluster?: string): RawObject {
  const labels = cluster === undefined ? {} : { 'liqo.io/type': 'virtual-node', 'liqo.io/remote-cluster-id': cluster };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
}

export function offloading(namespace: string): RawObject {
  return {
    apiVersion: 'offloading.liqo.io/v1beta1',
    kind: 'NamespaceOffloading',
    metadata: { namespace, name: 'offloading' },
    spec: { podOffloadingStrategy: 'LocalAndRemote' },
  };
}

/** A Network of a peer, as v1.0 and v1.1 name it; another `name` for those of v1.2. */
export function peerNetwork(cluster: string, mapped: string, name = `${cluster}-pod`): RawObject {
  return {
    apiVersion: 'ipam.liqo.io/v1alpha1',
    kind: 'Network',
    metadata: {
      namespace: `liqo-tenant-${cluster}`,
      name,
      labels: { 'liqo.io/remote-cluster-id': cluster, 'configuration.liqo.io/cidr-type': 'pod' },
    },
    spec: { cidr: '10.200.0.0/16' },
    status: { cidr: mapped },
  };
}

export function localNetwork(cidr: string, name = 'pod-cidr'): RawObject {
  return {
    apiVersion: 'ipam.liqo.io/v1alpha1',
    kind: 'Network',
    metadata: { namespace: 'liqo', name, labels: { 'ipam.liqo.io/network-type': 'pod-cidr' } },
    spec: { cidr },
    status: { cidr },
  };
}

export function configuration(cluster: string, local: readonly string[], remote: readonly string[]): RawObject {
  return {
    apiVersion: 'networking.liqo.io/v1beta1',
    kind: 'Configuration',
    metadata: { namespace: `liqo-tenant-${cluster}`, name: cluster, labels: { 'liqo.io/remote-cluster-id': cluster } },
    spec: { local: { cidr: { pod: local } }, remote: { cidr: { pod: ['10.200.0.0/16'] } } },
    status: { remote: { cidr: { pod: remote } } },
  };
}
