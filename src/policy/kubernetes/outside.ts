import { type Cidr, formatCidr, hostText, type Source } from '../../api/index.ts';
import type { BuiltinLink, EgressLink, Exemptions, IngressLink, NamedEndpoint } from '../../graph/index.ts';
import { unite } from './grants.ts';
import { grantWaypoint, type Ledger, refuse } from './ledger.ts';
import { pathOfBuiltin } from './path.ts';
import { targetPortsOf } from './port-set.ts';
import { addressPeer, type Peer, podPeer } from './select-peer.ts';

const USE_CILIUM = 'compile with --engine cilium';
const NAME_RANGES = 'set network.podCIDRs and network.nodeCIDRs in the LatticeConfig, or name narrower ranges';
const NAME_ADDRESSES = 'give the peer cidrs instead of an entity in the LatticeConfig';

/** Callers from outside arrive in plain text, so always at the real ports, in ambient too. */
export function grantSources(ledger: Ledger, links: readonly IngressLink[]): void {
  for (const { external, ports } of links) {
    const real = targetPortsOf(ports);
    for (const source of external.sources) {
      for (const peer of sourcePeers(ledger, source, external.key)) unite(ledger.ingress, peer, real);
    }
  }
}

/** Addresses from the pod; hosts only through the egress waypoint of an ambient mesh, whose authorization knows names. */
export function grantEgress(ledger: Ledger, links: readonly EgressLink[]): void {
  for (const { external, endpoints } of links) {
    for (const { host, port, protocol } of endpoints) {
      if (host.kind !== 'cidr') continue;
      for (const peer of rangePeers(ledger, host, external.key, 'callee'))
        unite(ledger.egress, peer, [{ port, protocol }]);
    }
    grantHosts(
      ledger,
      endpoints.filter(({ host }) => host.kind !== 'cidr'),
      external.key,
    );
  }
}

/** The administrator's built-in peers: their ports as configured, and the service's real ones. */
export function grantBuiltins(ledger: Ledger, builtins: readonly BuiltinLink[]): void {
  for (const link of builtins) {
    const { peer } = link;
    const { outbound, inbound, waypoint } = pathOfBuiltin(ledger.self, link);
    const [from, to] =
      outbound.length > 0 ? [ledger.self.key, `builtin:${peer.name}`] : [`builtin:${peer.name}`, ledger.self.key];
    for (const member of builtinPeers(ledger, peer, { from, to })) {
      unite(ledger.egress, member, outbound);
      unite(ledger.ingress, member, inbound);
    }
    if (waypoint) grantWaypoint(ledger, ledger.ingress, waypoint);
  }
}

function grantHosts(ledger: Ledger, endpoints: readonly NamedEndpoint[], external: string): void {
  const { self, context, egress } = ledger;
  const { egressWaypoint, engines } = context.options;
  const carried = self.mesh === 'ambient' && egressWaypoint !== undefined && engines.includes('istio');
  const left = carried ? endpoints.filter(({ protocol }) => protocol !== 'TCP') : endpoints;
  if (carried && left.length < endpoints.length) grantWaypoint(ledger, egress, egressWaypoint);
  for (const { host } of left) {
    refuse(ledger, `the host ${hostText(host)} (${external})`, `${USE_CILIUM}, or give its addresses as a CIDR`, {
      from: self.key,
      to: `external:${external}`,
    });
  }
}

function builtinPeers(
  ledger: Ledger,
  { name, at }: BuiltinLink['peer'],
  edge: { readonly from: string; readonly to: string },
): readonly Peer[] {
  switch (at.kind) {
    case 'entity':
      refuse(ledger, `the built-in peer ${name}, which is Cilium's entity ${at.entity}`, NAME_ADDRESSES, edge);
      return [];
    case 'cidrs':
      return at.cidrs.map((cidr) => addressPeer(cidr));
    case 'pods':
      return [podPeer(`builtin ${name}`, at.namespace, [at.labels])];
  }
}

function sourcePeers(ledger: Ledger, source: Source, external: string): readonly Peer[] {
  switch (source.kind) {
    case 'cidr':
      return [addressPeer(source)];
    case 'world':
      return [4, 6].flatMap((family) =>
        rangePeers(ledger, { family: family === 4 ? 4 : 6, first: 0n, prefix: 0 }, external, 'caller'),
      );
    case 'ingress':
    case 'nodes':
      refuse(ledger, `the source ${source.kind} (${external})`, `${USE_CILIUM}, or give the addresses as CIDRs`, {
        from: `external:${external}`,
        to: ledger.self.key,
      });
      return [];
  }
}

/** An ipBlock matches pods and nodes too, so that the world needs their ranges to leave them out. */
function rangePeers(ledger: Ledger, cidr: Cidr, external: string, as: 'caller' | 'callee'): readonly Peer[] {
  if (cidr.prefix > 0) return [addressPeer(cidr)];
  const { network } = ledger.context.options.exemptions;
  if (network.podCIDRs.length > 0 && network.nodeCIDRs.length > 0)
    return [addressPeer(cidr, inside(network, cidr.family))];
  const { key } = ledger.self;
  const edge = as === 'caller' ? { from: `external:${external}`, to: key } : { from: key, to: `external:${external}` };
  refuse(ledger, `the world without the cluster's own addresses (${external})`, NAME_RANGES, edge);
  return [];
}

function inside({ podCIDRs, serviceCIDRs, nodeCIDRs }: Exemptions['network'], family: 4 | 6): readonly string[] {
  const ranges = [...podCIDRs, ...serviceCIDRs, ...nodeCIDRs].filter((range) => range.family === family);
  return [...new Set(ranges.filter(({ prefix }) => prefix > 0).map(formatCidr))].sort();
}
