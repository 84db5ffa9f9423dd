import { formatAddress } from '../../api/index.ts';
import { meshedBuiltin, type Port, type ServiceView, type Waypoint, type Workload } from '../../graph/index.ts';
import type { IstioPolicySet, L4Match, MeshPeer, MeshWorkload } from '../istio/index.ts';
import type { ObjectRef } from '../verdict.ts';
import type { Door } from './door.ts';
import { hasIdentity, type Party, type PodParty } from './party.ts';
import type { PartyIndex } from './party-index.ts';
import { type Grant, type Guarantees, isWaypointPod, type PortOf, within } from './grants.ts';
import { type Row, viewOf } from './rows.ts';

/** Reserved addresses, where no declared range can be (240.0.0.0/4 is never routed). */
const NODE_ADDRESS = '240.2.0.1';
const POD_ADDRESS = '240.3.0.1';

const FRESH = [{ port: 61999, protocol: 'TCP' }] as const;

/** ztunnel's door in front of every pod in ambient mode: identity and target port, and nothing of UDP or SCTP (X6). */
export function ztunnelDoor(
  policies: IstioPolicySet,
  index: PartyIndex,
  guarantees: Guarantees,
  ours: (object: ObjectRef) => boolean,
): Door {
  const peers = new MeshParties(index);
  return {
    name: 'ztunnel',
    side: 'callee',
    subjects: index.pods.filter((pod) => pod.cluster === guarantees.clusterName && pod.mesh === 'ambient'),
    fresh: FRESH,
    ours,
    row: (subject) => (subject.kind === 'pod' ? ztunnelRow(guarantees, subject) : { kind: 'open' }),
    named: (subject) => peers.named(policies, subject),
    edges: (subject) => portsNamed(policies, peers.workload(subject)),
    ask: (subject, peer, port) => {
      const to = peers.workload(subject);
      return to
        ? policies.judgeZtunnel({ from: peers.peer(peer), to, port })
        : { verdict: 'allowed', reason: 'NotAPod', decidedBy: [] };
    },
  };
}

/** Who a meshed pod may be to ztunnel: its principal alone, so every pod that runs under a caller's account is that caller. */
function ztunnelRow(guarantees: Guarantees, subject: PodParty): Row {
  const view = viewOf(guarantees, subject);
  if (!view || view.self.mesh !== 'ambient') return { kind: 'open' };
  const { self } = view;
  // Who a caller without identity is, only a CNI engine's door can say; without one such an edge stays closed.
  const toldByCni = guarantees.engines.some((engine) => engine !== 'istio');
  const grants: Grant[] = [];
  for (const { peer, ports } of view.inbound) {
    const tcp = targets(ports);
    if (tcp.length === 0) continue;
    if (peer.mesh === 'none') {
      if (toldByCni) grants.push(plaintextGrant(tcp));
    } else if (!self.waypoint || self.direct || peer.mesh === 'gateway') grants.push(principalGrant(peer, tcp));
  }
  const fronted = self.waypoint
    ? targets([
        ...view.inbound.filter(({ peer }) => peer.mesh === 'ambient').flatMap(({ ports }) => ports),
        ...view.builtins.filter(({ peer }) => meshedBuiltin(peer)).flatMap(({ inbound }) => inbound),
      ])
    : [];
  if (self.waypoint && fronted.length > 0) grants.push(waypointGrant(self.waypoint, fronted, guarantees));
  for (const { peer, inbound } of view.builtins) {
    const caller = meshedBuiltin(peer);
    const tcp = targets(inbound);
    if (caller && tcp.length > 0)
      grants.push(principalGrant({ namespace: caller.namespace, accounts: [caller.account] }, tcp));
  }
  if (toldByCni) grants.push(...outsideGrants(view));
  return { kind: 'closed', grants };
}

function outsideGrants(view: ServiceView): Grant[] {
  const external = view.ingress.flatMap(({ external, ports }): Grant[] => {
    const tcp = targets(ports);
    if (tcp.length === 0) return [];
    const ranges = external.sources.flatMap((source) => (source.kind === 'cidr' ? [source] : []));
    if (ranges.length < external.sources.length) return [plaintextGrant(tcp)];
    const inside = (party: Party) => ranges.some((range) => within(party, range));
    return [{ matches: inside, who: { kind: 'outside' }, ports: tcp }];
  });
  const builtin = view.builtins.flatMap(({ peer, inbound }): Grant[] => {
    const tcp = targets(inbound);
    if (tcp.length === 0 || meshedBuiltin(peer)) return [];
    const { at } = peer;
    if (at.kind !== 'cidrs') return [plaintextGrant(tcp)];
    return [
      {
        matches: (party) => at.cidrs.some((range) => within(party, range)),
        who: { kind: 'outside' },
        ports: tcp,
      },
    ];
  });
  return [...external, ...builtin];
}

/** The one door that cannot tell who it is: whoever speaks without an identity. Cilium's door says who (I14, Z4). */
function plaintextGrant(ports: readonly PortOf[]): Grant {
  return { matches: (party) => party.kind !== 'pod' || !hasIdentity(party), who: { kind: 'plaintext' }, ports };
}

function principalGrant(caller: Pick<Workload, 'namespace' | 'accounts'>, ports: readonly PortOf[]): Grant {
  return {
    matches: (party) =>
      party.kind === 'pod' &&
      hasIdentity(party) &&
      party.trustDomain === undefined &&
      party.namespace === caller.namespace &&
      caller.accounts.includes(party.account),
    who: { kind: 'accounts', namespace: caller.namespace, accounts: caller.accounts },
    ports,
  };
}

function waypointGrant(waypoint: Waypoint, ports: readonly PortOf[], guarantees: Guarantees): Grant {
  return {
    matches: (party) =>
      party.kind === 'pod' &&
      hasIdentity(party) &&
      party.trustDomain === undefined &&
      (isWaypointPod(party, waypoint, guarantees) ||
        (party.namespace === waypoint.namespace && party.account === waypoint.account)),
    who: { kind: 'accounts', namespace: waypoint.namespace, accounts: [waypoint.account] },
    ports,
  };
}

function targets(ports: readonly Port[]): PortOf[] {
  return ports
    .filter((port) => port.protocol === 'TCP')
    .flatMap((port) => port.targetPorts.map((target) => ({ port: target, protocol: 'TCP' as const })));
}

/** The parties as the mesh sees them, built once each so that the evaluator remembers them. */
class MeshParties {
  readonly #peers = new Map<Party, MeshPeer>();
  readonly #workloads = new Map<Party, MeshWorkload>();
  readonly #byPrincipal = new Map<string, Party[]>();
  readonly #oneOfEach: readonly Party[];
  readonly #outside: readonly Party[];

  constructor(index: PartyIndex) {
    for (const party of index.all) {
      if (party.kind !== 'pod') {
        const ip = party.address ? formatAddress(party.address.family, party.address.first) : NODE_ADDRESS;
        this.#peers.set(party, { plaintext: true, ip });
        continue;
      }
      const { namespace, labels, account, trustDomain } = party;
      const workload = {
        namespace,
        labels,
        serviceAccount: account,
        ip: POD_ADDRESS,
        ...(trustDomain === undefined ? {} : { trustDomain }),
        ...(hasIdentity(party) ? {} : { plaintext: true }),
      };
      this.#workloads.set(party, workload);
      this.#peers.set(party, workload);
      if (!hasIdentity(party)) continue;
      const principal = `ns/${namespace}/sa/${account}`;
      const known = this.#byPrincipal.get(principal);
      if (known) known.push(party);
      else this.#byPrincipal.set(principal, [party]);
    }
    this.#oneOfEach = [...this.#byPrincipal.values()].flatMap((parties) => [
      ...new Map(parties.map((party) => [party.kind === 'pod' ? party.trustDomain : undefined, party])).values(),
    ]);
    this.#outside = index.at({ kind: 'outside' });
  }

  peer(party: Party): MeshPeer {
    return this.#peers.get(party) ?? { plaintext: true };
  }

  workload(party: Party): MeshWorkload | undefined {
    return this.#workloads.get(party);
  }

  /** Parties that some rule may admit: those whose principal it writes out, or one of each account where it is less exact. */
  named(policies: IstioPolicySet, subject: Party): Set<Party> {
    const to = this.#workloads.get(subject);
    const found = new Set<Party>();
    for (const policy of to ? policies.ztunnelPolicyOf(to).allows : []) {
      for (const rule of policy.rules) {
        const sources = rule.clauses.flat().filter((match) => !isPortsOnly(match));
        if (sources.length === 0) for (const party of this.#oneOfEach) found.add(party);
        for (const match of sources) for (const party of this.#matched(match)) found.add(party);
      }
    }
    return found;
  }

  #matched(match: L4Match): readonly Party[] {
    if (match.sourceIps.length + match.notSourceIps.length > 0) return [...this.#oneOfEach, ...this.#outside];
    if (match.principals.length === 0 || match.principals.some(({ kind }) => kind !== 'exact')) return this.#oneOfEach;
    return match.principals.flatMap(({ text }) => this.#byPrincipal.get(text.slice(text.indexOf('/') + 1)) ?? []);
  }
}

function isPortsOnly(match: L4Match): boolean {
  const { ports, notPorts, ...rest } = match;
  return ports.length + notPorts.length > 0 && Object.values(rest).every((values) => values.length === 0);
}

function portsNamed(policies: IstioPolicySet, workload: MeshWorkload | undefined): PortOf[] {
  if (!workload) return [];
  const { allows, denies } = policies.ztunnelPolicyOf(workload);
  const ports = new Set(
    [...allows, ...denies].flatMap((policy) =>
      policy.rules.flatMap((rule) => rule.clauses.flat().flatMap((match) => [...match.ports, ...match.notPorts])),
    ),
  );
  return [...ports].flatMap((port) => [{ port, protocol: 'TCP' as const }]);
}
