import type { Cidr, Protocol } from '../api/index.ts';
import type { BuiltinPeer, Labels, MeshMode } from './model.ts';

/** Pods that answer DNS. */
export interface Resolver {
  readonly namespace: string;
  readonly labels: Labels;
  readonly account?: string;
}

/** The exemptions and built-in peers of a LatticeConfig, with every default filled in. */
export interface Exemptions {
  readonly dns: {
    readonly resolvers: readonly Resolver[];
    readonly cidrs: readonly Cidr[];
    readonly ports: readonly number[];
  };
  readonly probes: { readonly ambient: readonly Cidr[]; readonly host: boolean };
  readonly peers: ReadonlyMap<string, ConfiguredPeer>;
  readonly network: {
    readonly clusterDomain: string;
    readonly podCIDRs: readonly Cidr[];
    readonly serviceCIDRs: readonly Cidr[];
    readonly nodeCIDRs: readonly Cidr[];
  };
}

/** A built-in peer and what the administrator allows with it. `inbound: 'declared'` means every port that the service declares. */
export interface ConfiguredPeer {
  readonly peer: BuiltinPeer;
  readonly outbound: readonly { readonly port: number; readonly protocol: Protocol }[];
  readonly inbound: 'declared' | 'none' | readonly { readonly port: number; readonly protocol: Protocol }[];
}

/** What holds for the whole graph, from flags and configuration. */
export interface Settings {
  /** Mode of a namespace or pod without labels of its own. */
  readonly mesh: MeshMode;
  /** `namespace/name` of the Gateway for egress of meshed services, when the administrator has one. */
  readonly egressWaypoint?: {
    readonly namespace: string;
    readonly name: string;
    /** Whether it counts as programmed when no Gateway of that name is known: true for files, false for a live cluster. */
    readonly assumed: boolean;
  };
  readonly exemptions: Exemptions;
  /** True when the pods are those that run now: a number that they listen on is admitted beside one that was declared since. */
  readonly live?: boolean;
}
