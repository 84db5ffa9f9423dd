import type { Finding } from '../../api/index.ts';
import {
  callsThroughTunnel,
  type Link,
  meshedBuiltin,
  type ServiceView,
  type Waypoint,
  type Workload,
} from '../../graph/index.ts';
import { type Compiled, type Draft, NOTHING } from '../draft.ts';
import type { Owner, OwnerOfService } from '../name.ts';
import type { CompileOptions } from '../options.ts';
import { checked } from './checks.ts';
import { authorizationPolicy, peerAuthentication, type Rule } from './objects.ts';
import { callersOutsideMesh, type Outsider } from './outside.ts';
import { isTrustDomain, type PrincipalsOf, principalOf } from './principal.ts';
import { type CallersByPorts, grant, portList, rulesOf } from './rules.ts';
import { tagged } from './selector-tag.ts';
import { type Accepts, type Share, split } from './split.ts';
import { type TargetChunk, targetChunks } from './target-chunk.ts';

/** What is remembered of workloads. */
interface Books {
  readonly principalsOf: PrincipalsOf;
  readonly ownerOfService: OwnerOfService;
}

/** What both doors of one service are made from. */
interface Doorway {
  readonly view: ServiceView;
  readonly options: CompileOptions;
  readonly owner: Owner;
  readonly principalsOf: PrincipalsOf;
  readonly outsiders: readonly Outsider[];
  /** Where its Services send their callers. A service without Services is called at its pods. */
  readonly waypoint: Waypoint | undefined;
}

/**
 * Istio's objects of one service: nothing unless it is enforced and in the ambient mesh. Default deny is per declared
 * workload, never per namespace; what calls out is not Istio's to stop (I15).
 */
export function compileService(view: ServiceView, options: CompileOptions, books: Books): Compiled {
  const { self } = view;
  if (self.mode !== 'enforce' || self.mesh !== 'ambient' || self.barred !== undefined) return NOTHING;
  const outside = callersOutsideMesh(view, options);
  const doorway: Doorway = {
    view,
    options,
    owner: books.ownerOfService(self),
    principalsOf: books.principalsOf,
    outsiders: outside.admitted,
    waypoint: self.services.length > 0 ? self.waypoint : undefined,
  };
  const findings = [...outside.findings, ...unusableTrustDomain(doorway), ...unguardedProtocols(doorway)];
  const chunks = doorway.waypoint ? targetChunks(self.services) : [];
  const atWaypoint = split((accepts) => rulesAtWaypoint(doorway, accepts));
  const atPods = split((accepts) => rulesAtPods(doorway, accepts));
  if (!chunks || !atWaypoint || !atPods) {
    return { drafts: podDrafts(doorway, [{ suffix: '', rules: [] }]), findings: [...findings, tooLarge(self)] };
  }
  const drafts = [
    ...plaintextPorts(doorway),
    ...waypointDrafts(doorway, chunks, atWaypoint),
    ...podDrafts(doorway, atPods),
  ];
  return { drafts, findings };
}

/**
 * ztunnel's door: who may reach the pods, at the pods' ports. Behind a waypoint ztunnel sees the waypoint as the caller
 * (I10), which also closes the way past it; callers come directly only where the Services leave that way open (I11).
 */
function rulesAtPods(doorway: Doorway, accepts: Accepts): readonly Rule[] {
  const { view, options, outsiders, waypoint } = doorway;
  const table: CallersByPorts = new Map();
  // Past the waypoint come all callers where the Services leave that way open, and gateways of the mesh in any case.
  const direct = waypoint === undefined || view.self.direct;
  grantMeshed(table, 'ztunnel', doorway, (link) => (direct || isGateway(link)) && accepts(link.peer.key));
  grantBuiltins(table, 'ztunnel', doorway, accepts);
  if (waypoint !== undefined && accepts('waypoint')) {
    const forwarded = [
      ...view.inbound.filter((link) => isMeshed(link) && !isGateway(link)).flatMap(({ ports }) => ports),
      ...view.builtins.filter(({ peer }) => meshedBuiltin(peer)).flatMap(({ inbound }) => inbound),
    ];
    grant(table, portList(forwarded, 'ztunnel'), {
      principals: principals(options, waypoint.namespace, waypoint.account),
    });
  }
  for (const caller of outsiders) {
    if (accepts(caller.key)) grant(table, caller.ports, { blocks: caller.blocks });
  }
  return rulesOf(table);
}

/** The waypoint's door: the real callers, at the Service's ports (I10, I12). */
function rulesAtWaypoint(doorway: Doorway, accepts: Accepts): readonly Rule[] {
  if (doorway.waypoint === undefined) return [];
  const table: CallersByPorts = new Map();
  grantMeshed(table, 'waypoint', doorway, (link) => !isGateway(link) && accepts(link.peer.key));
  grantBuiltins(table, 'waypoint', doorway, accepts);
  return rulesOf(table);
}

function grantMeshed(
  table: CallersByPorts,
  seenAt: 'ztunnel' | 'waypoint',
  { view, principalsOf }: Doorway,
  takes: (link: Link) => boolean,
): void {
  for (const link of view.inbound) {
    if (!isMeshed(link) || !takes(link)) continue;
    grant(table, portList(link.ports, seenAt), { principals: principalsOf(link.peer) });
  }
}

/** Built-in peers in the mesh: they call the pods themselves, as scrapers do, or their Services. */
function grantBuiltins(
  table: CallersByPorts,
  seenAt: 'ztunnel' | 'waypoint',
  { view, options }: Doorway,
  accepts: Accepts,
): void {
  for (const { peer, inbound } of view.builtins) {
    const caller = meshedBuiltin(peer);
    if (!caller || !accepts(`builtin:${peer.name}`)) continue;
    grant(table, portList(inbound, seenAt), { principals: principals(options, caller.namespace, caller.account) });
  }
}

/** Whether the caller has an identity that Istio can name. */
function isMeshed({ peer }: Link): boolean {
  return callsThroughTunnel(peer.mesh) && peer.barred === undefined;
}

function isGateway({ peer }: Link): boolean {
  return peer.mesh === 'gateway';
}

function podDrafts({ view, owner }: Doorway, shares: readonly Share[]): readonly Draft[] {
  const { namespace } = view.self;
  return tagged(view.self.selectors).flatMap(({ labels, tag }) =>
    shares.map(({ suffix, rules }) =>
      checked({
        unit: owner.unit,
        ...authorizationPolicy(
          owner,
          { namespace, suffix: `z${tag}${suffix}` },
          { selector: { matchLabels: labels } },
          rules,
        ),
      }),
    ),
  );
}

function waypointDrafts(
  { view, owner }: Doorway,
  chunks: readonly TargetChunk[],
  shares: readonly Share[],
): readonly Draft[] {
  const { namespace } = view.self;
  return chunks.flatMap((chunk) =>
    shares.map(({ suffix, rules }) =>
      checked({
        unit: owner.unit,
        ...authorizationPolicy(
          owner,
          { namespace, suffix: `w${chunk.suffix}${suffix}` },
          { targetRefs: chunk.names.map((name) => ({ group: '', kind: 'Service', name })) },
          rules,
        ),
      }),
    ),
  );
}

/** One PeerAuthentication per selector, because of several on one pod only the oldest counts (Z7). */
function plaintextPorts({ view, owner, outsiders }: Doorway): readonly Draft[] {
  if (outsiders.length === 0) return [];
  const numbers = new Set(outsiders.flatMap((caller) => caller.ports.split(',')));
  const ports = [...numbers].sort((a, b) => Number(a) - Number(b));
  const { namespace } = view.self;
  return tagged(view.self.selectors).map(({ labels, tag }) =>
    checked({
      unit: owner.unit,
      part: 'grant',
      object: peerAuthentication(owner, { namespace, suffix: `p${tag}` }, labels, ports),
    }),
  );
}

function principals(options: CompileOptions, namespace: string, account: string): readonly string[] {
  return isTrustDomain(options.trustDomain) ? [principalOf(options.trustDomain, namespace, account)] : [];
}

function unusableTrustDomain({ view, options }: Doorway): readonly Finding[] {
  if (isTrustDomain(options.trustDomain) || !view.inbound.some(isMeshed)) return [];
  return [
    {
      ...about(view.self, 'TrustDomainInvalid', 'error'),
      message: `"${options.trustDomain}" is no trust domain, so no caller of ${view.self.key} can be named`,
      fix: "Give the mesh's trust domain: lower-case letters, digits, '.', '-' and '_'.",
    },
  ];
}

/** UDP and SCTP do not pass the mesh (X6): where Istio is the only engine, nothing enforces them. */
function unguardedProtocols({ view, options }: Doorway): readonly Finding[] {
  if (options.engines.some((engine) => engine !== 'istio')) return [];
  const bare = view.self.ports.filter((port) => port.protocol !== 'TCP');
  if (bare.length === 0) return [];
  const names = bare.map((port) => `${port.port}/${port.protocol}`).join(', ');
  return [
    {
      ...about(view.self, 'ProtocolUnguarded', 'warning'),
      message: `${view.self.key}: ${names} is not carried by the mesh, so without a network policy engine it is open to every caller`,
      fix: 'Compile for Cilium or NetworkPolicy too.',
    },
  ];
}

function tooLarge(self: Workload): Finding {
  return {
    ...about(self, 'PolicyTooLarge', 'error'),
    message: `the callers or Services of ${self.key} do not fit in 256 policies: every edge to it is closed`,
    fix: 'Let callers share ServiceAccounts, or put a gateway in front of the service.',
  };
}

function about(self: Workload, code: string, severity: Finding['severity']) {
  return { code, severity, object: { kind: 'LatticeService', namespace: self.namespace, name: self.name } };
}
