// Who may be at either end of a flow: one representative of every class that a selector, a declaration or a pod tells apart.
import { type Cidr, formatCidr } from '../../api/index.ts';
import type { Labels, MeshMode, Workload } from '../../graph/index.ts';

/** A pod of this cluster or of another one. */
export interface PodParty {
  readonly kind: 'pod';
  /** Unique and readable, such as `shop/cart` or `shop/cart (another account)`. */
  readonly id: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly account: string;
  /** Name of the cluster that it runs in. */
  readonly cluster: string;
  readonly mesh: MeshMode;
  /** Labels of its namespace besides the name. */
  readonly namespaceLabels?: Labels;
  /** Of its identity, where it is not the mesh's own. */
  readonly trustDomain?: string;
  /** Container ports that it names. */
  readonly namedPorts: Readonly<Record<string, { readonly port: number; readonly protocol: string }>>;
}

/** An address outside the cluster; `name` when it is known because that name resolved to it. */
export interface AddressParty {
  readonly kind: 'address';
  readonly id: string;
  readonly address: Cidr;
  readonly name?: string;
}

/** An identity that is neither a pod with labels nor a plain address. */
export interface ReservedParty {
  readonly kind: 'reserved';
  readonly id: string;
  /** Cilium's reserved labels, without the source. */
  readonly labels: readonly string[];
  readonly address?: Cidr;
}

export type Party = PodParty | AddressParty | ReservedParty;

/** Whether the pod has all labels of one of the service's selectors, in its namespace and cluster. */
export function wearsLabelsOf(pod: PodParty, service: Workload, clusterName: string): boolean {
  return (
    pod.namespace === service.namespace &&
    pod.cluster === clusterName &&
    service.selectors.some((selector) => Object.entries(selector).every(([key, value]) => pod.labels[key] === value))
  );
}

/** Whether the pod is the service to every door: its labels and one of its accounts. */
export function isMember(pod: PodParty, service: Workload, clusterName: string): boolean {
  return service.accounts.includes(pod.account) && wearsLabelsOf(pod, service, clusterName);
}

/** The labels by which Cilium knows the party, in the form that its evaluator reads. */
export function ciliumLabels(party: Party): readonly string[] {
  switch (party.kind) {
    case 'pod':
      return [
        ...Object.entries(party.labels).map(([key, value]) => `k8s:${key}=${value}`),
        `k8s:io.kubernetes.pod.namespace=${party.namespace}`,
        `k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=${party.namespace}`,
        ...Object.entries(party.namespaceLabels ?? {}).map(
          ([key, value]) => `k8s:io.cilium.k8s.namespace.labels.${key}=${value}`,
        ),
        `k8s:io.cilium.k8s.policy.serviceaccount=${party.account}`,
        `k8s:io.cilium.k8s.policy.cluster=${party.cluster}`,
      ];
    case 'address':
      return [cidrLabel(party.address), ...(party.name === undefined ? [] : [`dns:${party.name}`])];
    case 'reserved':
      return [
        ...party.labels.map((label) => `reserved:${label}`),
        ...(party.address ? [cidrLabel(party.address)] : []),
      ];
  }
}

/** Whether the pod proves an identity to whoever it calls in the mesh. */
export function hasIdentity({ mesh }: PodParty): boolean {
  return mesh === 'ambient' || mesh === 'gateway';
}

/** Whether Cilium counts the party as outside the cluster (C15). */
export function isWorld(party: Party): boolean {
  return party.kind === 'address' || (party.kind === 'reserved' && party.address !== undefined);
}

function cidrLabel(address: Cidr): string {
  return `cidr:${formatCidr(address)}`;
}
