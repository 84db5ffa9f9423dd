import { byText, meshedBuiltin, type Port, type ServiceView } from '../../graph/index.ts';
import type { IstioPolicySet, MeshWorkload } from '../istio/index.ts';
import type { Counterexample } from './door.ts';
import type { PodParty } from './party.ts';
import type { PartyIndex } from './party-index.ts';
import type { Guarantees } from './grants.ts';
import { type HostEntry, strays } from './service-entries.ts';

/** A caller that is nobody's: asked at every waypoint. */
const STRANGER = {
  namespace: 'lattice-nowhere',
  serviceAccount: 'default',
  labels: { 'lattice.dev/nobody': 'x' },
} as const;
const FRESH_PORT = 61999;
/** A mesh that is not ours: its accounts have the names of ours, and are none of them. */
const ELSEWHERE = 'lattice-elsewhere';

export interface Targets {
  /** ServiceEntries by host. */
  readonly entries: ReadonlyMap<string, readonly HostEntry[]>;
  /** Keys of the services whose targets are asked about; of all, and of hosts, when undefined. */
  readonly about: ReadonlySet<string> | undefined;
}

/**
 * A waypoint's door, target by target: which principal may open which Service port (I12), and for a ServiceEntry which
 * may leave by which port. Targets are the Services behind a waypoint and the hosts behind the egress waypoint, which is
 * closed for everything else.
 */
export function proveWaypoints(
  policies: IstioPolicySet,
  index: PartyIndex,
  guarantees: Guarantees,
  { entries, about }: Targets,
  report: (found: Counterexample) => void,
): number {
  const callers = meshedAccounts(index);
  let asked = 0;
  for (const target of [...serviceTargets(guarantees, about), ...(about ? [] : hostTargets(guarantees, entries))]) {
    const ports = new Set([...target.ports, ...portsNamed(policies, target), FRESH_PORT]);
    for (const from of [...callers, ...twins(target), STRANGER]) {
      const mine = 'trustDomain' in from ? undefined : target.grants.get(`${from.namespace}/${from.serviceAccount}`);
      for (const port of ports) {
        asked++;
        const expected = mine?.has(port) === true ? 'allowed' : 'denied';
        const found = counterexample(policies, target, from, port, expected);
        if (found) report(found);
      }
    }
  }
  if (!about) for (const found of misrouted(guarantees, entries)) report(found);
  return asked;
}

function counterexample(
  policies: IstioPolicySet,
  { at, waypoint }: Target,
  from: MeshWorkload,
  port: number,
  expected: 'allowed' | 'denied',
): Counterexample | undefined {
  const { verdict, reason, decidedBy } = policies.judgeWaypoint({ from, waypoint, destination: at, port });
  if (verdict === expected) return undefined;
  const [object] = decidedBy;
  const domain = from.trustDomain === undefined ? '' : ` of trust domain ${from.trustDomain}`;
  return {
    from: `${from.namespace}/${from.serviceAccount}${domain}`,
    to: `${at.kind} ${at.namespace}/${at.name}`,
    port,
    protocol: 'TCP',
    expected,
    actual: verdict,
    door: 'waypoint',
    reason,
    ...(object ? { object } : {}),
  };
}

/** Agreed hosts that no ServiceEntry leads through the egress waypoint, or that one leads somewhere else. */
function misrouted({ graph }: Guarantees, entries: Targets['entries']): Counterexample[] {
  const view = graph.egressWaypoint();
  if (!view) return [];
  return view.hosts.flatMap(({ host, ports }) => {
    const found = entries.get(host) ?? [];
    return [...new Set(ports.map(({ port }) => port))].flatMap((port): Counterexample[] => {
      const closed = (reason: string, actual: 'denied' | 'undecided', entry?: HostEntry): Counterexample => ({
        from: '*',
        to: host,
        port,
        protocol: 'TCP',
        expected: 'allowed',
        actual,
        door: 'waypoint',
        reason,
        ...(entry ? { object: { kind: 'ServiceEntry', namespace: entry.namespace, name: entry.name } } : {}),
      });
      if (found.length === 0) return [closed('NoServiceEntry', 'denied')];
      return found.flatMap((entry): Counterexample[] => {
        const stray = strays(entry, view.waypoint, port);
        if (stray !== undefined) return [closed(stray, 'denied', entry)];
        return entry.diverted === undefined ? [] : [closed(`ServiceEntry spec.${entry.diverted}`, 'undecided', entry)];
      });
    });
  });
}

/** The callers of a target, from another trust domain. */
function twins({ grants }: Target): MeshWorkload[] {
  return [...grants.keys()].map((key) => {
    const [namespace = '', serviceAccount = ''] = key.split('/');
    return { namespace, serviceAccount, labels: { 'lattice.dev/nobody': 'x' }, trustDomain: ELSEWHERE };
  });
}

/** Every port that a rule for the target names. */
function portsNamed(policies: IstioPolicySet, { waypoint, at }: Target): readonly number[] {
  const { customs, denies, allows } = policies.waypointPolicyOf(waypoint, at);
  const texts = [...customs, ...denies, ...allows].flatMap(({ rules }) =>
    rules.flatMap(({ rule: { to, when } }) => [
      ...(to ?? []).flatMap(({ operation }) => [...(operation?.ports ?? []), ...(operation?.notPorts ?? [])]),
      ...(when ?? [])
        .filter(({ key }) => key === 'destination.port')
        .flatMap(({ values, notValues }) => [...(values ?? []), ...(notValues ?? [])]),
    ]),
  );
  return texts.map(Number).filter((port) => Number.isInteger(port) && port > 0 && port < 65536);
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
  for (const { peer, inbound } of view.builtins) {
    const caller = meshedBuiltin(peer);
    if (caller) addPorts(grants, `${caller.namespace}/${caller.account}`, tcp(inbound));
  }
  return grants;
}

/** Each host of each entry that has an agreed one among its hosts, and something that nobody declares. */
function hostTargets({ graph }: Guarantees, entries: Targets['entries']): Target[] {
  const view = graph.egressWaypoint();
  if (!view) return [];
  const { waypoint, hosts } = view;
  const agreed = new Map(hosts.map((each) => [each.host, each]));
  const named = new Set(hosts.flatMap(({ host }) => (entries.get(host) ?? []).flatMap((entry) => entry.hosts)));
  const targets = [...named].flatMap((host): Target[] => {
    const grants = new Map<string, Set<number>>();
    const ports = agreed.get(host)?.ports ?? [];
    for (const { port, callers } of ports) {
      for (const caller of callers)
        for (const account of caller.accounts) addPorts(grants, `${caller.namespace}/${account}`, [port]);
    }
    return (entries.get(host) ?? []).map(({ namespace, name }) => ({
      waypoint,
      at: { kind: 'ServiceEntry', namespace, name },
      grants,
      ports: ports.map(({ port }) => port),
    }));
  });
  const nothing = { kind: 'ServiceEntry', namespace: waypoint.namespace, name: 'lattice-nobody' } as const;
  return [...targets, { waypoint, at: nothing, grants: new Map(), ports: [] }];
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
