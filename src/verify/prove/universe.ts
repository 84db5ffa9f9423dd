import { type Cidr, formatAddress, parseCidr } from '../../api/index.ts';
import { meshModeOf, podsWith, type Labels, type ServiceGraph, type Workload } from '../../graph/index.ts';
import type { Distinctions, Singled } from './distinctions.ts';
import type { AddressParty, Party, PodParty, ReservedParty } from './party.ts';
import type { Scope } from './scope.ts';

/** Limits how many variants of one pod foreign selectors make; beyond it the proof would take the whole day. */
const VARIANTS_PER_POD = 64;

/** The trust domain of a mesh that is not ours. */
const ELSEWHERE = 'lattice-elsewhere';

/**
 * The parties of every flow that a proof asks about: each service's pods, impostors that share all but one thing with
 * them, undeclared pods, nodes and the other reserved identities, and addresses on each side of every border.
 */
export function universeOf(
  graph: ServiceGraph,
  clusterName: string,
  seen: Distinctions,
  scope: Scope,
): readonly Party[] {
  const pods = new Map<string, PodParty>();
  const services = scope.services.flatMap((key) => graph.state.workloads.get(key) ?? []);
  for (const service of services) for (const pod of podsOfService(graph, service, clusterName)) addPod(pods, pod);
  for (const pod of [...undeclaredPods(graph, clusterName, scope), ...helperPods(graph, clusterName, services)])
    addPod(pods, pod);
  for (const pod of variants([...pods.values()], graph, seen, clusterName)) addPod(pods, pod);
  return [...pods.values(), ...RESERVED, ...addresses(graph, seen, scope), ...resolvedNames(scope, seen)];
}

/** Identities of Cilium that are no pods with labels (C14-C17). */
const RESERVED: readonly ReservedParty[] = [
  { kind: 'reserved', id: 'host', labels: ['host'] },
  { kind: 'reserved', id: 'remote-node', labels: ['remote-node'] },
  { kind: 'reserved', id: 'kube-apiserver on a node', labels: ['kube-apiserver', 'remote-node'] },
  {
    kind: 'reserved',
    id: 'kube-apiserver outside',
    labels: ['kube-apiserver'],
    address: { family: 4, first: 0xc6336411n, prefix: 32 },
  },
  { kind: 'reserved', id: 'ingress', labels: ['ingress'] },
  { kind: 'reserved', id: 'health', labels: ['health'] },
];

function podsOfService(graph: ServiceGraph, service: Workload, cluster: string): PodParty[] {
  const { namespace, mesh } = service;
  const [selector = {}] = service.selectors;
  const [account = 'default'] = service.accounts;
  const own = service.selectors.flatMap((labels) =>
    service.accounts.map(
      (each): PodParty => ({
        kind: 'pod',
        id: service.key,
        namespace,
        labels,
        account: each,
        cluster,
        mesh,
        namedPorts: namedPorts(graph, service),
      }),
    ),
  );
  const like = (what: string, change: Partial<PodParty>): PodParty => ({
    kind: 'pod',
    id: `${service.key} (${what})`,
    namespace,
    labels: selector,
    account,
    cluster,
    mesh,
    namedPorts: {},
    ...change,
  });
  return [
    ...own,
    like('same labels, another account', { account: 'lattice-nobody' }),
    like('same account, other labels', { labels: { 'lattice.dev/nobody': 'x' } }),
    like('another namespace', { namespace: elsewhere(namespace) }),
    like('another cluster', { cluster: `${cluster}-other`, trustDomain: ELSEWHERE }),
    ...partial(selector).map((labels, index) => like(`only some of the labels ${index + 1}`, { labels })),
  ];
}

function elsewhere(namespace: string): string {
  return `${namespace}-elsewhere`.slice(-63).replace(/^-+/, '');
}

/** The selector with one label missing, once for each label where there is more than one. */
function partial(selector: Labels): Labels[] {
  const keys = Object.keys(selector);
  if (keys.length < 2) return [];
  return keys.map((missing) => Object.fromEntries(Object.entries(selector).filter(([key]) => key !== missing)));
}

function namedPorts(graph: ServiceGraph, service: Workload): PodParty['namedPorts'] {
  const ports: Record<string, { port: number; protocol: string }> = {};
  for (const selector of service.selectors) {
    for (const pod of podsWith(graph.state, service.namespace, selector)) {
      for (const port of pod.ports) {
        if (port.name !== '') ports[port.name] = { port: port.port, protocol: port.protocol };
      }
    }
  }
  return ports;
}

/** A pod that nobody declares in each namespace, one in a namespace of its own, and the undeclared pods of the manifests. */
function undeclaredPods({ state }: ServiceGraph, cluster: string, scope: Scope): PodParty[] {
  const namespaces = new Set([...scope.namespaces, 'lattice-nowhere']);
  const strangers = [...namespaces].sort().map(
    (namespace): PodParty => ({
      kind: 'pod',
      id: `${namespace}/undeclared`,
      namespace,
      labels: { 'lattice.dev/nobody': 'x' },
      account: 'default',
      cluster,
      mesh: state.namespaces.get(namespace)?.dataplane ?? state.settings.mesh,
      namedPorts: {},
    }),
  );
  const known = scope.pods
    .filter((pod) => !pod.hostNetwork && Object.keys(pod.labels).length > 0)
    .map(
      (pod): PodParty => ({
        kind: 'pod',
        id: pod.id,
        namespace: pod.namespace,
        labels: pod.labels,
        account: pod.account,
        cluster,
        mesh: meshModeOf(state, pod),
        namedPorts: Object.fromEntries(
          pod.ports
            .filter((port) => port.name !== '')
            .map((port) => [port.name, { port: port.port, protocol: port.protocol }]),
        ),
      }),
    );
  return [...strangers, ...known];
}

/** Pods that agreements go through without being declared: resolvers, waypoints, built-in peers. */
function helperPods(graph: ServiceGraph, cluster: string, services: readonly Workload[]): PodParty[] {
  const { exemptions } = graph.state.settings;
  const pod = (id: string, namespace: string, labels: Labels, account: string, mesh: PodParty['mesh']): PodParty => ({
    kind: 'pod',
    id,
    namespace,
    labels,
    account,
    cluster,
    mesh,
    namedPorts: {},
  });
  const waypoints = new Map(
    services
      .flatMap((workload) => (workload.waypoint ? [workload.waypoint] : []))
      .map((each) => [`${each.namespace}/${each.name}`, each]),
  );
  const egress = graph.egressGateway();
  if (egress) waypoints.set(`${egress.namespace}/${egress.name}`, egress);
  const helpers = [
    ...exemptions.dns.resolvers.map((each, index) =>
      pod(`dns ${index + 1}`, each.namespace, each.labels, each.account ?? 'coredns', 'none'),
    ),
    ...[...waypoints].map(([key, each]) =>
      pod(
        `waypoint ${key}`,
        each.namespace,
        { 'gateway.networking.k8s.io/gateway-name': each.name },
        each.account,
        'ambient',
      ),
    ),
    ...[...exemptions.peers.values()].flatMap(({ peer }) =>
      peer.at.kind === 'pods'
        ? [
            pod(
              `builtin ${peer.name}`,
              peer.at.namespace,
              peer.at.labels,
              peer.at.account ?? 'default',
              peer.at.mesh ?? 'none',
            ),
          ]
        : [],
    ),
  ];
  return helpers.flatMap((helper) => [helper, ...impostorsOf(helper)]);
}

/** Pods that share all but one thing with a helper. */
function impostorsOf(helper: PodParty): PodParty[] {
  const like = (what: string, change: Partial<PodParty>): PodParty => ({
    ...helper,
    id: `${helper.id} (${what})`,
    ...change,
  });
  return [
    like('same labels, another account', { account: 'lattice-nobody' }),
    like('same account, other labels', { labels: { 'lattice.dev/nobody': 'x' } }),
    like('another namespace', { namespace: elsewhere(helper.namespace) }),
    like('another cluster', { cluster: `${helper.cluster}-other`, trustDomain: ELSEWHERE }),
    ...partial(helper.labels).map((labels, index) => like(`only some of the labels ${index + 1}`, { labels })),
  ];
}

/** Pods that foreign selectors tell apart from those that are there: the same with what the selector asks for, and one from nothing. */
function variants(pods: readonly PodParty[], graph: ServiceGraph, seen: Distinctions, cluster: string): PodParty[] {
  const byNamespace = Map.groupBy(pods, (pod) => pod.namespace);
  const counts = new Map<PodParty, number>();
  const made: PodParty[] = [];
  for (const singled of seen.selectors) {
    const bases = singled.namespace === undefined ? pods : (byNamespace.get(singled.namespace) ?? []);
    for (const pod of bases) {
      const count = counts.get(pod) ?? 0;
      if (count >= VARIANTS_PER_POD) continue;
      const variant = dressed(pod, singled);
      if (!variant) continue;
      counts.set(pod, count + 1);
      made.push(variant);
    }
    made.push({
      kind: 'pod',
      id: `a pod that some selector names: ${describe(singled)}`,
      namespace: singled.namespace ?? 'lattice-nowhere',
      // Never without labels: Istio gives a pod that has none every policy of its namespace (Z3).
      labels: Object.keys(singled.labels).length > 0 ? singled.labels : { 'lattice.dev/nobody': 'x' },
      account: singled.account ?? 'default',
      cluster,
      mesh: singled.meshed
        ? 'ambient'
        : (graph.state.namespaces.get(singled.namespace ?? '')?.dataplane ?? graph.state.settings.mesh),
      namedPorts: {},
      ...strange(singled, cluster),
    });
  }
  return made;
}

/** What makes the pod somebody else's altogether. A foreign trust domain is another cluster's to every other door. */
function strange({ cluster, namespaceLabels, trustDomain }: Singled, own: string): Partial<PodParty> {
  return {
    ...(cluster === undefined ? {} : { cluster }),
    ...(namespaceLabels ? { namespaceLabels } : {}),
    ...(trustDomain === undefined ? {} : { trustDomain, cluster: cluster ?? `${own}-${trustDomain}` }),
  };
}

function dressed(pod: PodParty, singled: Singled): PodParty | undefined {
  const { account, labels, namespaceLabels } = singled;
  if (singled.cluster !== undefined || singled.trustDomain !== undefined) return undefined;
  const keys = Object.keys(labels);
  const agrees = keys.every((key) => pod.labels[key] === undefined || pod.labels[key] === labels[key]);
  const adds =
    keys.some((key) => pod.labels[key] === undefined) ||
    (account !== undefined && account !== pod.account && keys.length > 0) ||
    namespaceLabels !== undefined;
  if (!agrees || !adds) return undefined;
  return {
    ...pod,
    id: `${pod.id} with ${describe({ ...singled, namespace: undefined })}`,
    ...(namespaceLabels ? { namespaceLabels: { ...pod.namespaceLabels, ...namespaceLabels } } : {}),
    labels: { ...pod.labels, ...labels },
    account: account ?? pod.account,
  };
}

function describe({ namespace, account, labels, cluster, namespaceLabels, trustDomain }: Singled): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const home = Object.entries(namespaceLabels ?? {}).map(([key, value]) => `namespace ${key}=${value}`);
  return [
    ...(cluster === undefined ? [] : [`of cluster ${cluster}`]),
    ...(trustDomain === undefined ? [] : [`of trust domain ${trustDomain}`]),
    ...home,
    ...(namespace === undefined ? [] : [`in ${namespace}`]),
    ...(account === undefined ? [] : [`as ${account}`]),
    ...pairs,
  ].join(' ');
}

function addresses(graph: ServiceGraph, seen: Distinctions, { externals }: Scope): AddressParty[] {
  const { exemptions } = graph.state.settings;
  const ranges: Cidr[] = [
    ...seen.cidrs,
    ...exemptions.probes.ambient,
    ...exemptions.dns.cidrs,
    ...[...exemptions.peers.values()].flatMap(({ peer }) => (peer.at.kind === 'cidrs' ? peer.at.cidrs : [])),
    ...externals.flatMap(({ node }) => [
      ...node.endpoints.flatMap(({ host }) => (host.kind === 'cidr' ? [host] : [])),
      ...node.sources.flatMap((source) => (source.kind === 'cidr' ? [source] : [])),
    ]),
    ...['198.51.100.77/32', '2001:db8:5ca1::77/128'].flatMap((text) => parseCidr(text) ?? []),
  ];
  const points = new Map(ranges.flatMap(borders).map((point) => [`${point.family} ${point.first}`, point]));
  return [...points.values()].map((address) => ({
    kind: 'address',
    id: formatAddress(address.family, address.first),
    address,
  }));
}

/** First and last address of a range, and the neighbours outside it. */
function borders(range: Cidr): Cidr[] {
  const bits = range.family === 4 ? 32 : 128;
  const size = 1n << BigInt(bits - range.prefix);
  const end = 1n << BigInt(bits);
  return [range.first - 1n, range.first, range.first + size - 1n, range.first + size]
    .filter((value) => value >= 0n && value < end)
    .map((first) => ({ family: range.family, first, prefix: bits }));
}

/** An address for each declared or mentioned name; for a wildcard one below it, one two levels below, and the apex. */
function resolvedNames({ externals }: Scope, seen: Distinctions): AddressParty[] {
  const declared = externals.flatMap(({ node }) =>
    node.endpoints.flatMap(({ host }) =>
      host.kind === 'name' ? [host.name] : host.kind === 'wildcard' ? [`*.${host.suffix}`] : [],
    ),
  );
  const names = new Set(
    [...declared, ...seen.names, 'lattice-nobody.example'].flatMap((name) => {
      const suffix = name.replace(/^\*+\./, '');
      if (suffix.includes('*')) return [name.replaceAll('*', 'x')];
      return name.startsWith('*') ? [suffix, `one.${suffix}`, `two.one.${suffix}`] : [name];
    }),
  );
  // A range of their own, where no declared range can be: 240.0.0.0/4 is never routed.
  const base = 0xf0010000n;
  return [...names].sort().map((name, index) => ({
    kind: 'address',
    id: name,
    name,
    address: { family: 4, first: base + BigInt(index) + 1n, prefix: 32 },
  }));
}

function addPod(pods: Map<string, PodParty>, pod: PodParty): void {
  const labels = Object.keys(pod.labels)
    .sort()
    .map((key) => `${key}=${pod.labels[key] ?? ''}`);
  const rest = JSON.stringify([pod.namespaceLabels, pod.trustDomain]);
  const identity = `${rest} ${pod.cluster} ${pod.namespace} ${pod.account} ${pod.mesh} ${labels.join(',')}`;
  if (!pods.has(identity)) pods.set(identity, pod);
}
