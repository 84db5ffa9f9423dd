import { hostText } from '../../api/index.ts';
import type { CiliumPolicySet, Identity, Rule } from '../cilium/index.ts';
import type { ObjectRef } from '../verdict.ts';
import type { Counterexample } from './door.ts';
import { belongs, coversName, type Guarantees, isWaypointPod } from './grants.ts';
import { ciliumLabels, type Party, type PodParty } from './party.ts';
import { viewOf } from './rows.ts';

/** A name that nobody declares. */
const STRANGER = 'lattice-nobody.example';

/**
 * `toFQDNs` works only for names whose answers the agent saw (C20): a pod that calls names must be let ask for each of
 * them through the DNS proxy, and for no name that nobody agreed. Pods without such calls are not asked about.
 */
export function proveNames(
  policies: CiliumPolicySet,
  pods: readonly PodParty[],
  guarantees: Guarantees,
  objects: readonly unknown[],
  report: (found: Counterexample) => void,
): number {
  const byRef = new Map(objects.map((object) => [refText(object), object]));
  const { dns } = guarantees.graph.state.settings.exemptions;
  const [port = 53] = dns.ports;
  const resolvers = resolversOf(guarantees).map((party) => policies.identity(ciliumLabels(party)));
  let asked = 0;
  for (const pod of pods) {
    const wanted = namesOf(guarantees, pod);
    if (wanted.length === 0) continue;
    const rules = policies.policyOf(ciliumLabels(pod)).egress.rules.filter((rule) => opens(rule, port, resolvers));
    const patterns = rules.map((rule) => ({
      rule,
      patterns: patternsOf(byRef.get(text(rule.ref)), rule.ref.rule, port),
    }));
    const proxied = patterns.some((each) => each.patterns !== undefined);
    for (const name of [...wanted, STRANGER]) {
      asked++;
      const by = patterns.find(
        (each) => each.patterns === undefined || each.patterns.some((pattern) => matches(pattern, name)),
      );
      const passes = by !== undefined && proxied;
      if (passes === (name !== STRANGER)) continue;
      // Without a proxy every name may be asked, which lets none of them be matched: that is said once, of the names wanted.
      if (name === STRANGER && !proxied) continue;
      report({
        from: pod.id,
        to: `DNS for ${name}`,
        port,
        protocol: 'UDP',
        expected: passes ? 'denied' : 'allowed',
        actual: passes ? 'allowed' : 'denied',
        door: 'cilium-egress',
        reason: proxied ? 'DnsRule' : 'DnsNotProxied',
        ...(by ? { object: by.rule.ref } : {}),
      });
    }
  }
  return asked;
}

/** An example of each name that the pod calls from its own address; the egress waypoint calls all of its hosts. */
function namesOf(guarantees: Guarantees, pod: PodParty): readonly string[] {
  const egress = guarantees.graph.egressWaypoint();
  const view = viewOf(guarantees, pod);
  if (!view && egress && isWaypointPod(pod, egress.waypoint, guarantees))
    return egress.hosts.map(({ host }) => host.replace(/^\*\./, 'one.'));
  if (!view || !belongs(guarantees, pod, view.self)) return [];
  return view.egress
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ host, protocol }) => host.kind !== 'cidr' && (view.self.mesh !== 'ambient' || protocol !== 'TCP'))
    .map(({ host }) => hostText(host).replace(/^\*\./, 'one.'));
}

/** Who answers DNS: another server that somebody agreed to call on the same port is none of them. */
function resolversOf({ graph, clusterName }: Guarantees): Party[] {
  const { resolvers, cidrs } = graph.state.settings.exemptions.dns;
  return [
    ...resolvers.map(
      ({ namespace, labels, account = 'coredns' }): Party => ({
        kind: 'pod',
        id: 'resolver',
        namespace,
        labels,
        account,
        cluster: clusterName,
        mesh: 'none',
        namedPorts: {},
      }),
    ),
    ...cidrs.map((address): Party => ({ kind: 'address', id: 'resolver', address })),
  ];
}

function opens({ action, peers, ports }: Rule, port: number, resolvers: readonly Identity[]): boolean {
  if (action !== 'allow' || peers === 'nobody') return false;
  if (!peers.some((peer) => resolvers.some((resolver) => peer.selects(resolver) !== 'no'))) return false;
  return ports?.some(({ match }) => match.kind === 'range' && match.first <= port && port <= match.last) === true;
}

/** The DNS patterns of the rule at `path` (`spec.egress[0]`); undefined when it lets every name through. */
function patternsOf(object: unknown, path: string | undefined, port: number): readonly string[] | undefined {
  const rule = (path ?? '')
    .split(/[.[\]]+/)
    .filter((step) => step !== '')
    .reduce<unknown>((here, step) => field(here, step), object);
  const found: string[] = [];
  for (const toPorts of list(field(rule, 'toPorts'))) {
    if (!list(field(toPorts, 'ports')).some((each) => field(each, 'port') === String(port))) continue;
    const dns = field(field(toPorts, 'rules'), 'dns');
    if (!Array.isArray(dns) || dns.length === 0) return undefined;
    for (const each of list(dns)) {
      const pattern = field(each, 'matchName') ?? field(each, 'matchPattern');
      if (typeof pattern === 'string') found.push(pattern.toLowerCase());
    }
  }
  return found;
}

/** C22: `*` is within one label, a leading `*.` one label, a leading `**.` any depth, `*` alone everything. */
function matches(pattern: string, name: string): boolean {
  if (pattern === '*') return true;
  if (pattern.startsWith('**.')) return name.endsWith(pattern.slice(2)) && name.length > pattern.length - 2;
  if (pattern.startsWith('*.') && !pattern.slice(2).includes('*')) return coversName(pattern, name);
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('[-a-z0-9_]*');
  return new RegExp(`^${source}$`).test(name);
}

function refText(object: unknown): string {
  const metadata = field(object, 'metadata');
  const [kind, namespace = '', name] = [field(object, 'kind'), field(metadata, 'namespace'), field(metadata, 'name')];
  return `${String(kind)} ${String(namespace)}/${String(name)}`;
}

function text({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace}/${name}`;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
