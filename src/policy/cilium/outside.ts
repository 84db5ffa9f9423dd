import { type Finding, formatCidr, hostText, type Source } from '../../api/index.ts';
import type { EgressLink, IngressLink, NamedEndpoint } from '../../graph/index.ts';
import type { CompileOptions } from '../options.ts';
import { unite } from '../kubernetes/grants.ts';
import { targetPortsOf } from '../kubernetes/port-set.ts';
import { nameSelector } from './dns.ts';
import { aboutService } from './finding.ts';
import { cidrPeer, entityPeer, type Member, namePeer } from './grants.ts';
import { grantWaypoint, type Ledger } from './links.ts';

/** Callers from outside arrive in plain text, so always at the real ports, in ambient too. */
export function grantSources(ledger: Ledger, links: readonly IngressLink[]): void {
  for (const { external, ports } of links) {
    const real = targetPortsOf(ports);
    for (const member of external.sources.flatMap(membersOf)) unite(ledger.ingress, member, real);
  }
}

/**
 * What lies outside: a meshed pod reaches hosts over TCP through the egress waypoint and gets nothing but that (X7);
 * everything else leaves from the pod, each host with its own ports (C20). Addresses never match pods or nodes (C14),
 * and a prefix of zero is the world of that family (C15). Returns whether names are matched at this pod.
 */
export function grantEgress(
  ledger: Ledger,
  links: readonly EgressLink[],
  options: CompileOptions,
  dns: boolean,
): boolean {
  let names = false;
  for (const link of links) {
    const fromPod = link.endpoints.filter((endpoint) => !isWaypointed(ledger, endpoint));
    if (fromPod.length < link.endpoints.length) grantThroughWaypoint(ledger, link, options);
    for (const { host, port, protocol } of fromPod) {
      if (host.kind === 'cidr') unite(ledger.egress, cidrPeer(formatCidr(host)), [{ port, protocol }]);
      else if (dns) {
        unite(ledger.egress, namePeer(nameSelector(host)), [{ port, protocol }]);
        names = true;
      }
    }
    if (!dns) refuseNames(ledger, link, fromPod);
  }
  return names;
}

function isWaypointed({ self }: Ledger, { host, protocol }: NamedEndpoint): boolean {
  return self.mesh === 'ambient' && protocol === 'TCP' && host.kind !== 'cidr';
}

function grantThroughWaypoint(ledger: Ledger, link: EgressLink, { egressWaypoint, engines }: CompileOptions): void {
  const hosts = link.endpoints.filter((endpoint) => isWaypointed(ledger, endpoint)).map(({ host }) => hostText(host));
  if (egressWaypoint) {
    grantWaypoint(ledger, ledger.egress, egressWaypoint);
    if (!engines.includes('istio')) ledger.findings.push(unrouted(ledger, link, hosts));
    return;
  }
  ledger.findings.push(
    aboutService(
      ledger.self,
      'EgressWaypointMissing',
      `${ledger.self.key} cannot reach ${[...new Set(hosts)].join(', ')} (${link.external.key}): it is in the ambient mesh, where hosts are reached through an egress waypoint, and none is configured`,
      'create a Gateway of class istio-waypoint for egress and name it with --egress-waypoint NAMESPACE/NAME',
      'error',
      edgeTo(ledger, link),
    ),
  );
}

/** The way through the waypoint needs ServiceEntries, which only Istio's compiler writes. */
function unrouted(ledger: Ledger, link: EgressLink, hosts: readonly string[]): Finding {
  return aboutService(
    ledger.self,
    'MeshDoorMissing',
    `${ledger.self.key} cannot reach ${[...new Set(hosts)].join(', ')} (${link.external.key}): it is in an ambient mesh, where a ServiceEntry leads to the egress waypoint, and istio is not among the engines`,
    'add istio to --engine',
    'error',
    edgeTo(ledger, link),
  );
}

function refuseNames(ledger: Ledger, link: EgressLink, fromPod: readonly NamedEndpoint[]): void {
  const { self, findings } = ledger;
  const hosts = fromPod.filter(({ host }) => host.kind !== 'cidr').map(({ host }) => hostText(host));
  if (hosts.length === 0) return;
  findings.push(
    aboutService(
      self,
      'DnsNotProxyable',
      `${self.key} cannot reach ${[...new Set(hosts)].join(', ')} (${link.external.key}): Cilium matches names only where it sees the DNS answers, and the configuration names no resolver or an impossible cluster domain`,
      'set dns.resolvers, dns.ports and network.clusterDomain in the LatticeConfig',
      'error',
      edgeTo(ledger, link),
    ),
  );
}

function edgeTo({ self }: Ledger, { external }: EgressLink) {
  return { from: self.key, to: `external:${external.key}` };
}

function membersOf(source: Source): readonly Member[] {
  switch (source.kind) {
    case 'world':
    case 'ingress':
      return [entityPeer(source.kind)];
    case 'nodes':
      return [entityPeer('host'), entityPeer('remote-node')];
    case 'cidr':
      return [cidrPeer(formatCidr(source))];
  }
}
