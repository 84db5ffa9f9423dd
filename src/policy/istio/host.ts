import type { Finding, Scheme } from '../../api/index.ts';
import type { HostView, Waypoint, Workload } from '../../graph/index.ts';
import { type Compiled, type Draft, NOTHING } from '../draft.ts';
import { type Owner, ownerOf } from '../name.ts';
import type { CompileOptions } from '../options.ts';
import { checked } from './checks.ts';
import { isHost } from './host-name.ts';
import { authorizationPolicy, type Rule, type ServiceEntryPort, serviceEntry } from './objects.ts';
import { isTrustDomain, type PrincipalsOf } from './principal.ts';
import { type CallersByPorts, grant, rulesOf } from './rules.ts';
import { type Accepts, type Share, split } from './split.ts';

/**
 * How the waypoint carries a scheme. `https` is passed through by SNI, so TLS; HTTPS would do for a plain name but is
 * refused with DYNAMIC_DNS. UDP and SCTP are not carried (X6).
 */
const PROTOCOL: Readonly<Record<Scheme, ServiceEntryPort['protocol'] | undefined>> = {
  https: 'TLS',
  http: 'HTTP',
  grpc: 'GRPC',
  tcp: 'TCP',
  udp: undefined,
  sctp: undefined,
};

/** What a waypoint can do with a wildcard: it needs a Host header or an SNI, and builds no cluster for GRPC. */
const WILDCARD_PROTOCOLS: readonly (string | undefined)[] = ['HTTP', 'TLS'];

type HostPort = HostView['ports'][number];

/** A port that goes out, with its policies. */
interface OpenPort {
  readonly port: ServiceEntryPort;
  readonly shares: readonly Share[];
}

/**
 * One host behind the egress waypoint: a ServiceEntry and, per port, ALLOW policies with all callers of whoever
 * declared the host, since ztunnel routes every pod of the mesh by one entry, whatever `exportTo` says (I16).
 *
 * Every port of the entry has a policy, and the policies come before the entry: so it is closed for others even before
 * the Gateway's own policy, which is default deny and comes last. A port without callers is not in the entry.
 */
export function compileHost(view: HostView, options: CompileOptions, principalsOf: PrincipalsOf): Compiled {
  const waypoint = options.egressWaypoint;
  if (!waypoint) return options.engines.includes('cilium') ? NOTHING : closed(view.host, view.ports, WAYPOINT_MISSING);
  if (waypoint.name.length > 63) return closed(view.host, view.ports, WAYPOINT_UNNAMEABLE);
  if (!isHost(view.host)) return closed(view.host, view.ports, hostUnsupported(view.host));
  if (!isTrustDomain(options.trustDomain))
    return closed(view.host, view.ports, trustDomainInvalid(options.trustDomain));
  const owner = ownerOf({ kind: 'host', host: view.host });
  const open: OpenPort[] = [];
  const findings: Finding[] = [];
  for (const entries of Map.groupBy(view.ports, ({ port }) => port).values()) {
    const carried = carriedAs(view.host, entries);
    const shares = split((accepts) => rulesForPort(entries, principalsOf, accepts));
    if (typeof carried !== 'string' || !shares) {
      findings.push(...closed(view.host, entries, typeof carried === 'string' ? PORT_TOO_LARGE : carried).findings);
    } else if (shares.some((share) => share.rules.length > 0)) {
      const number = entries[0]?.port ?? 0;
      open.push({ port: { name: `${carried.toLowerCase()}-${number}`, number, protocol: carried }, shares });
      if (carried === 'TLS' && isWildcard(view.host)) findings.push(...flagNeeded(view.host, entries));
    }
  }
  if (open.length === 0) return { drafts: [], findings };
  return { drafts: draftsOf(view.host, waypoint, owner, open), findings };
}

/**
 * The protocol of one port, or why it cannot be carried. Where a port of a name is declared with several schemes it is
 * TCP: the waypoint then passes the bytes on unread, which is right for each of them.
 */
function carriedAs(host: string, entries: readonly HostPort[]): ServiceEntryPort['protocol'] | Refusal {
  const protocols = new Set(entries.map(({ scheme }) => PROTOCOL[scheme]));
  const [only, ...others] = protocols;
  if (only === undefined || others.includes(undefined)) return NOT_CARRIED;
  if (!isWildcard(host)) return others.length === 0 ? only : 'TCP';
  if (others.length > 0) return schemeConflict(entries);
  return WILDCARD_PROTOCOLS.includes(only) ? only : WILDCARD_UNREADABLE;
}

function rulesForPort(entries: readonly HostPort[], principalsOf: PrincipalsOf, accepts: Accepts): readonly Rule[] {
  const table: CallersByPorts = new Map();
  for (const { port, callers } of entries) {
    for (const caller of callers.filter(isMeshed)) {
      if (accepts(caller.key)) grant(table, String(port), { principals: principalsOf(caller) });
    }
  }
  return rulesOf(table);
}

function isWildcard(host: string): boolean {
  return host.startsWith('*.');
}

function isMeshed(caller: Workload): boolean {
  return caller.mesh === 'ambient' && caller.barred === undefined;
}

function draftsOf(host: string, via: Waypoint, owner: Owner, open: readonly OpenPort[]): readonly Draft[] {
  const target = { group: 'networking.istio.io', kind: 'ServiceEntry', name: owner.base } as const;
  const policies = open.flatMap(({ port, shares }) =>
    shares.map(({ suffix, rules }) =>
      checked({
        unit: owner.unit,
        ...authorizationPolicy(
          owner,
          { namespace: via.namespace, suffix: `${port.number}${suffix}` },
          { targetRefs: [target] },
          rules,
        ),
      }),
    ),
  );
  const entry = serviceEntry(
    owner,
    via,
    host,
    open.map(({ port }) => port),
  );
  return [...policies, checked({ unit: owner.unit, part: 'grant', object: entry })];
}

interface Refusal {
  readonly code: string;
  readonly why: string;
  readonly fix: string;
}

const WAYPOINT_MISSING: Refusal = {
  code: 'EgressWaypointMissing',
  why: 'hosts are called from an ambient mesh through an egress waypoint, and none is named',
  fix: 'Make a Gateway of class istio-waypoint and name it with --egress-waypoint NAMESPACE/NAME.',
};

const WAYPOINT_UNNAMEABLE: Refusal = {
  code: 'EgressWaypointInvalid',
  why: "the egress waypoint's name is longer than a label, by which a host is bound to it",
  fix: 'Give the Gateway a name of at most 63 characters.',
};

const PORT_TOO_LARGE: Refusal = {
  code: 'PolicyTooLarge',
  why: 'its callers do not fit in 256 policies',
  fix: 'Let callers share ServiceAccounts, or put a gateway in front of the host.',
};

function hostUnsupported(host: string): Refusal {
  return {
    code: 'HostUnsupported',
    why: `Istio refuses "${host}" as a host`,
    fix: 'Labels are letters, digits and "-", at most 63 characters, and the last one is not a number.',
  };
}

function trustDomainInvalid(domain: string): Refusal {
  return {
    code: 'TrustDomainInvalid',
    why: `"${domain}" is no trust domain, so no caller can be named`,
    fix: "Give the mesh's trust domain: lower-case letters, digits, '.', '-' and '_'.",
  };
}

const NOT_CARRIED: Refusal = {
  code: 'SchemeUnsupported',
  why: 'the mesh carries neither UDP nor SCTP',
  fix: 'Name addresses instead of a host; they are called from the pod itself.',
};

const WILDCARD_UNREADABLE: Refusal = {
  code: 'SchemeUnsupported',
  why: 'behind a wildcard a waypoint finds the real name in a Host header or an SNI only',
  fix: 'Use https or http, or name each host.',
};

function schemeConflict(entries: readonly HostPort[]): Refusal {
  return {
    code: 'SchemeConflict',
    why: `the port is declared as ${entries.map(({ scheme }) => scheme).join(' and ')}, and behind a wildcard it has one`,
    fix: 'Agree on one scheme, or name each host.',
  };
}

/** Without this flag of istiod the waypoint has no route for such an entry (seen in istiod's source); it is closed. */
function flagNeeded(host: string, entries: readonly HostPort[]): readonly Finding[] {
  return edges(entries).map(({ caller, port }) => ({
    ...about(caller, 'WildcardNeedsFlag', 'warning'),
    message: `${caller.key} -> ${host}:${port} stays closed unless istiod routes wildcard TLS, which trusts the SNI that the caller sends`,
    fix: 'Set ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS=true on istiod, or name each host.',
  }));
}

function closed(host: string, entries: readonly HostPort[], refusal: Refusal): Compiled {
  const findings = edges(entries).map(({ caller, port }) => ({
    ...about(caller, refusal.code, 'error'),
    message: `${caller.key} -> ${host}:${port} is closed: ${refusal.why}`,
    fix: refusal.fix,
    edge: { from: caller.key, to: host },
  }));
  return { drafts: [], findings };
}

function edges(entries: readonly HostPort[]) {
  return entries.flatMap(({ port, callers }) => callers.filter(isMeshed).map((caller) => ({ caller, port })));
}

function about(caller: Workload, code: string, severity: Finding['severity']) {
  return { code, severity, object: { kind: 'LatticeService', namespace: caller.namespace, name: caller.name } };
}
