import type { Host } from '../../api/index.ts';
import { formatCidr } from '../../api/index.ts';
import type { EgressLink, Exemptions } from '../../graph/index.ts';
import type { PortBook } from '../kubernetes/port-set.ts';
import { unselectable, unselectableAccount } from './label.ts';
import { portRules } from './rules.ts';
import type { PeerBook } from './select-peer.ts';
import type { EgressRule, NameSelector } from './spec.ts';

const DOMAIN = /^[-a-zA-Z0-9_]+(?:[.][-a-zA-Z0-9_]+)*$/;
const LINK_LOCAL_V4 = 0xa9fen;
const LINK_LOCAL_V6 = 0x3fan;

/**
 * Names that a pod may ask for where Cilium proxies its DNS: all of the cluster's own, at any depth, so that names from
 * the search path (`api.example.com.shop.svc.cluster.local`) get their answer too (C22), and its agreed hosts.
 */
export function askableNames(clusterDomain: string, hosts: readonly NameSelector[]): readonly NameSelector[] {
  return [{ matchPattern: `**.${clusterDomain}` }, ...hosts];
}

/** Whether names can be matched at all: the agent has to see the answers of a known resolver (C20). */
export function canMatchNames(exemptions: Exemptions): boolean {
  const { dns, network } = exemptions;
  const resolvers = dns.resolvers.length + dns.cidrs.length - lostResolvers(exemptions).length;
  const { clusterDomain } = network;
  return resolvers > 0 && dns.ports.length > 0 && clusterDomain.length <= 250 && DOMAIN.test(clusterDomain);
}

/** A host as Cilium names it. `*.example.net` is one label deep in both, never more than is written (C22, surprise 17). */
export function nameSelector(host: NamedHost): NameSelector {
  return host.kind === 'name' ? { matchName: host.name } : { matchPattern: `*.${host.suffix}` };
}

/** A host that is no address. */
export type NamedHost = Exclude<Host, { readonly kind: 'cidr' }>;

/** All names among agreed endpoints, sorted, each once. */
export function agreedNames(links: readonly EgressLink[]): readonly NameSelector[] {
  const names = new Map<string, NameSelector>();
  for (const link of links) {
    for (const { host } of link.endpoints) {
      if (host.kind === 'cidr') continue;
      const name = nameSelector(host);
      names.set(Object.values(name).join(), name);
    }
  }
  return [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name);
}

/** Why some of the configured resolvers cannot be selected, so that DNS to them stays closed. */
export function lostResolvers({ dns }: Exemptions): readonly string[] {
  return dns.resolvers.flatMap(
    ({ labels, account }) => unselectable(labels) ?? unselectableAccount(account === undefined ? [] : [account]) ?? [],
  );
}

/**
 * DNS to the configured resolvers, UDP and TCP, in the resolvers' own namespaces (C21). With `names` the agent's proxy
 * answers for them alone, which `toFQDNs` of the same pod needs (C20). A plain rule for the same resolver in another
 * object would open every name (surprise 9), so a pod's DNS rule stands in one object only.
 */
export function dnsRules(
  dns: Exemptions['dns'],
  peers: PeerBook,
  book: PortBook,
  names?: readonly NameSelector[],
): readonly EgressRule[] {
  const ports = book.of(
    dns.ports.flatMap((port) => [
      { port, protocol: 'UDP' },
      { port, protocol: 'TCP' },
    ]),
  );
  if (!ports) return [];
  const toPorts = portRules(ports, names);
  const selected = dns.resolvers.map((resolver, index) => peers.pods(`resolver ${index}`, resolver));
  const toEndpoints = selected.flatMap((each) => (each.kind === 'endpoints' ? each.selectors : []));
  const toCIDR = dns.cidrs.map(formatCidr);
  // A node-local cache listens on a link-local address of the node, which is the entity host and no CIDR (C14, C21).
  const onNode = dns.cidrs.some(({ family, first }) =>
    family === 4 ? first >> 16n === LINK_LOCAL_V4 : first >> 118n === LINK_LOCAL_V6,
  );
  return [
    ...(toEndpoints.length > 0 ? [{ toEndpoints, toPorts }] : []),
    ...(toCIDR.length > 0 ? [{ toCIDR, toPorts }] : []),
    ...(onNode ? [{ toEntities: ['host'], toPorts }] : []),
  ];
}
