/** Names of what one peering is printed as. Several peerings with one cluster have objects and tables of their own. */
export interface PeeringNames {
  /** The FirewallConfiguration, in the peering's namespace. */
  readonly object: string;
  /** The nftables table on every node. */
  readonly table: string;
  /** The FabricProgram, cluster-scoped. */
  readonly program: string;
}

/** `name` is the PeeringConnectivity's; a cluster id has no dot, so that no two peerings share a name. */
export function namesOf(cluster: string, name: string): PeeringNames {
  const base = name === cluster ? cluster : `${cluster}.${name}`;
  return { object: `${base}-security-fabric`, table: `${base}-cluster-security`, program: base };
}
