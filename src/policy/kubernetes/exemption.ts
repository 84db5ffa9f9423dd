import type { MeshMode } from '../../graph/index.ts';
import type { Context } from './ledger.ts';
import { addressPeer, podPeer } from './select-peer.ts';
import type { EgressRule, IngressRule } from './spec.ts';

/** DNS to the configured resolvers. */
export function dnsRules({ options, ports }: Context): readonly EgressRule[] {
  const { resolvers, cidrs, ports: numbers } = options.exemptions.dns;
  const set = ports.of(
    numbers.flatMap((port) => [
      { port, protocol: 'UDP' },
      { port, protocol: 'TCP' },
    ]),
  );
  const to = [
    ...resolvers.flatMap(({ namespace, labels }) => podPeer('resolver', namespace, [labels]).peers),
    ...cidrs.flatMap((cidr) => addressPeer(cidr).peers),
  ];
  return set && to.length > 0 ? [{ to, ports: set.ports }] : [];
}

/**
 * The probe source in ambient, whose address the node agent rewrites (X4). Outside the mesh there is nothing to write:
 * traffic between a pod and its own node is allowed whatever a NetworkPolicy says.
 */
export function probeRules({ options }: Context, mesh: MeshMode): readonly IngressRule[] {
  const from = options.exemptions.probes.ambient.flatMap((cidr) => addressPeer(cidr).peers);
  return mesh === 'ambient' && from.length > 0 ? [{ from }] : [];
}
