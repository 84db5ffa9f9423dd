/** What the topology has to know of a pod. A pod without addresses is a member of nothing. */
export interface PodFact {
  readonly namespace: string;
  /** Canonical text, sorted, IPv4 and IPv6. Empty for pods of the host's network and for pods whose containers ended. */
  readonly addresses: readonly string[];
  readonly node: string | undefined;
  /** Stands for a pod that runs at a peer. */
  readonly shadow: boolean;
  /** The cluster that offloaded it to this one. */
  readonly origin: string | undefined;
  /** Being deleted. It keeps its memberships until its containers have ended. */
  readonly leaving: boolean;
}

/** Whose pod CIDR an object tells of: this cluster's, or that of one peer. */
export type CidrOwner = { readonly of: 'local' } | { readonly of: 'remote'; readonly cluster: string };

export interface CidrClaim {
  readonly owner: CidrOwner;
  /** Canonical, host bits cleared. */
  readonly cidrs: readonly string[];
}

/**
 * One thing that was seen, as far as peerings depend on it. `key` names the object; what it held before is replaced.
 * `undefined` in place of a value: the object is gone, or says nothing any more.
 */
export type Fact =
  | { readonly kind: 'pod'; readonly key: string; readonly pod: PodFact | undefined }
  | { readonly kind: 'offloading'; readonly key: string; readonly namespace: string | undefined }
  /** `cluster` is null for a node that is not virtual. `of` tells a Node from a VirtualNode of the same name. */
  | { readonly kind: 'node'; readonly key: string; readonly name: string; readonly cluster: string | null | undefined }
  | { readonly kind: 'cidrs'; readonly key: string; readonly claims: readonly CidrClaim[] };
