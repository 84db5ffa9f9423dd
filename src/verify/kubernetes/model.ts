// What the NetworkPolicy evaluator answers about: pods, addresses and the flows between them.
import type { Verdict } from '../verdict.ts';

/** Ports that a pod's containers name. */
type NamedPorts = Readonly<Record<string, { readonly port: number; readonly protocol?: 'TCP' | 'UDP' | 'SCTP' }>>;

/** One end of a flow. Addresses are what the packet carries when it reaches the policy. */
export type KubernetesPeer =
  | {
      readonly kind: 'pod';
      readonly namespace: string;
      readonly labels: Readonly<Record<string, string>>;
      /** Labels of the namespace; `kubernetes.io/metadata.name` is added if absent. */
      readonly namespaceLabels?: Readonly<Record<string, string>>;
      /** Without it a rule by address cannot be decided for this pod. */
      readonly address?: string;
      readonly namedPorts?: NamedPorts;
    }
  | { readonly kind: 'address'; readonly address: string };

export interface KubernetesFlow {
  readonly from: KubernetesPeer;
  readonly to: KubernetesPeer;
  /** The destination pod's port, after Service translation. */
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

/** A side on which no NetworkPolicy can act, because it is not a pod. */
export interface Unmanaged {
  readonly verdict: 'unmanaged';
  readonly reason: 'NotAPod';
  readonly decidedBy: readonly [];
}

export interface KubernetesVerdicts {
  readonly egress: Verdict | Unmanaged;
  readonly ingress: Verdict | Unmanaged;
}
