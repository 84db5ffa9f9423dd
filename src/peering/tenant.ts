const PREFIX = 'liqo-tenant-';

/** The peer's cluster id that a tenant namespace is named after. Undefined for every other namespace. */
export function clusterIdOf(namespace: string): string | undefined {
  return namespace.startsWith(PREFIX) && namespace.length > PREFIX.length ? namespace.slice(PREFIX.length) : undefined;
}

/** The namespace that Liqo keeps for a peer. */
export function tenantNamespaceOf(clusterId: string): string {
  return `${PREFIX}${clusterId}`;
}
