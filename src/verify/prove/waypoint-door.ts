import { byText, type Port, type ServiceView } from '../../graph/index.ts';
import type { IstioPolicySet, MeshWorkload } from '../istio/index.ts';
import type { Counterexample } from './door.ts';
import type { PodParty } from './party.ts';
import type { PartyIndex } from './party-index.ts';
import type { Guarantees } from './grants.ts';

/** A caller that is nobody's: asked at every waypoint. */
const STRANGER = {
  namespace: 'lattice-nowhere',
  serviceAccount: 'default',
  labels: { 'lattice.dev/nobody': 'x' },
} as const;
const FRESH_PORT = 61999;

/**
 * A waypoint's door, target by target: which principal may open which Service port (I12), and for a ServiceEntry which
 * may leave by which port. Targets are the Services behind a waypoint and the hosts behind the egress waypoint.
 */
export function proveWaypoints(
  policies: IstioPolicySet,
  index: PartyIndex,
  guarantees: Guarantees,
  { entries, about }: Targets,
  report: (found: Counterexample) => void,
): number {
  const { graph } = guarantees;
  const callers = meshedAccounts(index);
  let asked = 0;
  const ask = (target: Target, from: MeshWorkload, port: number, expected: 'allowed' | 'denied'): void => {
    asked++;
    const verdict = policies.judgeWaypoint({ from, waypoint: target.waypoint, destination: target.at, port });
    if (verdict.verdict === expected) return;
    const [object] = verdict.decidedBy;
    report({
      from: `${from.namespace}/${from.serviceAccount}`,
      to: `${target.at.kind} ${target.at.namespace}/${target.at.name}`,
      port,
      protocol: 'TCP',
      expected,
      actual: verdict.verdict,
      door: 'waypoint',
      reason: verdict.reason,
      ...(object ? { object } : {}),
    });
  };
  for (const target of [...serviceTargets(guarantees, about), ...(about ? [] : hostTargets(guarantees, entries))]) {
    const ports = new Set([...target.ports, FRESH_PORT]);
    for (const from of [...callers, STRANGER]) {
      const mine = 'trustDomain' in from ? undefined : target.grants.get(`${from.namespace}/${from.serviceAccount}`);
      for (const port of ports) ask(target, from, port, mine?.has(port) === true ? 'allowed' : 'denied');
    }
  }
  for (const host of about ? [] : (graph.egressWaypoint()?.hosts ?? [])) {
    if (entries.has(host.host)) continue;
    report({
      from: '*',
      to: host.host,
      port: host.ports[0]?.port ?? 0,
      protocol: 'TCP',
      expected: 'allowed',
      actual: 'denied',
      door: 'waypoint',
      reason: 'NoServiceEntry',
    });
  }
  return asked;
}

export interface Targets {
  /** ServiceEntries by host. */
  readonly entries: ReadonlyMap<string, readonly { readonly namespace: string; readonly name: string }[]>;
  /** Keys of the services whose targets are asked about; of all, and of hosts, when undefined. */
  readonly about: ReadonlySet<string> | undefined;
}

interface Target {
  readonly waypoint: { readonly namespace: string; readonly name: string };
  readonly at: { readonly kind: 'Service' | 'ServiceEntry'; readonly namespace: string; readonly name: string };
  /** `namespace/account` -> ports that it may open. */
  readonly grants: ReadonlyMap<string, ReadonlySet<number>>;
  readonly ports: readonly number[];
}

function serviceTargets({ graph }: Guarantees, about: ReadonlySet<string> | undefined): Target[] {
  return [...(about ?? graph.state.services.keys())].sort().flatMap((key): Target[] => {
    const view = graph.service(key);
    if (!view?.self.waypoint || view.self.mode !== 'enforce' || view.self.barred !== undefined) return [];
    const { waypoint, namespace, services, ports } = view.self;
    const grants = grantsOf(view);
    return services.map((name) => ({
      waypoint,
      at: { kind: 'Service', namespace, name },
      grants,
      ports: ports.map((port) => port.port),
    }));
  });
}

function grantsOf(view: ServiceView): ReadonlyMap<string, ReadonlySet<number>> {
  const grants = new Map<string, Set<number>>();
  for (const { peer, ports } of view.inbound) {
    if (peer.mesh !== 'ambient') continue;
    for (const account of peer.accounts) addPorts(grants, `${peer.namespace}/${account}`, tcp(ports));
  }
  return grants;
}

function hostTargets(
  { graph }: Guarantees,
  entries: ReadonlyMap<string, readonly { readonly namespace: string; readonly name: string }[]>,
): Target[] {
  const view = graph.egressWaypoint();
  if (!view) return [];
  return view.hosts.flatMap(({ host, ports }): Target[] => {
    const grants = new Map<string, Set<number>>();
    for (const { port, callers } of ports) {
      for (const caller of callers)
        for (const account of caller.accounts) addPorts(grants, `${caller.namespace}/${account}`, [port]);
    }
    return (entries.get(host) ?? []).map(({ namespace, name }) => ({
      waypoint: view.waypoint,
      at: { kind: 'ServiceEntry', namespace, name },
      grants,
      ports: ports.map(({ port }) => port),
    }));
  });
}

/** One meshed pod of each account. */
function meshedAccounts(index: PartyIndex): MeshWorkload[] {
  const accounts = new Map<string, PodParty>();
  for (const pod of index.pods)
    if (pod.mesh === 'ambient') accounts.set(`${pod.trustDomain ?? ''} ${pod.namespace}/${pod.account}`, pod);
  return [...accounts]
    .sort(([a], [b]) => byText(a, b))
    .map(([, { namespace, account, labels, trustDomain }]) => ({
      namespace,
      serviceAccount: account,
      labels,
      ...(trustDomain === undefined ? {} : { trustDomain }),
    }));
}

function addPorts(grants: Map<string, Set<number>>, account: string, ports: readonly number[]): void {
  const known = grants.get(account) ?? new Set();
  for (const port of ports) known.add(port);
  grants.set(account, known);
}

function tcp(ports: readonly Port[]): number[] {
  return ports.filter((port) => port.protocol === 'TCP').map((port) => port.port);
}
