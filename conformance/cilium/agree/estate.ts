// Random estates: workloads that exist whether declared or not, and the declarations about them. The workloads stay as
// they are for the life of an estate; edits change what is declared.
import type { Random } from '../random.ts';
import {
  type Declaration,
  declarationKey,
  type DeploymentManifest,
  type Entry,
  type ExternalDeclaration,
  type GatewayManifest,
  type NamespaceManifest,
  type PortDeclaration,
  type ServiceDeclaration,
} from './declarations.ts';

export type Mesh = 'none' | 'ambient';

/** Whose objects the compiler writes; Cilium enforces both. */
export type EngineName = 'cilium' | 'kubernetes';

/** What holds for all of an estate's life. */
export interface Setting {
  readonly engine: EngineName;
  readonly mesh: Mesh;
}

/** Pods of one kind: all that Kubernetes knows of them. */
export interface Workload {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly account: string;
  readonly adopted: boolean;
  /** The manifest that deploys it, where the compiler is given one. */
  readonly deployment?: DeploymentManifest;
}

export interface Estate extends Setting {
  readonly namespaces: readonly NamespaceManifest[];
  readonly gateways: readonly GatewayManifest[];
  readonly workloads: readonly Workload[];
  /** Workloads that have near-doubles among the parties. */
  readonly doubled: readonly Workload[];
  /** Pairs that are likely to agree, so that random halves meet. */
  readonly intents: readonly (readonly [caller: Workload, callee: Workload])[];
  readonly declarations: ReadonlyMap<string, Declaration>;
}

export const NAMESPACES = ['shop', 'data', 'edge'] as const;

/** The Gateway for egress, where an estate has one. */
export const EGRESS_GATEWAY = { namespace: 'edge', name: 'egress' } as const;

export function makeEstate(random: Random, setting: Setting, size: number): Estate {
  const namespaces = NAMESPACES.map((name) => makeNamespace(random, name));
  const workloads = Array.from({ length: size }, (_, index) => makeWorkload(random, `svc-${index}`));
  const intents = random.list(size * 3, size * 7, () => [random.pick(workloads), random.pick(workloads)] as const);
  const empty: Estate = {
    ...setting,
    namespaces,
    gateways: [
      ...random.subset(NAMESPACES, 0.6).map((namespace) => makeGateway(namespace, 'waypoint')),
      ...(random.chance(0.6) ? [makeGateway(EGRESS_GATEWAY.namespace, EGRESS_GATEWAY.name)] : []),
    ],
    workloads,
    doubled: random.subset(workloads, 0.25),
    intents,
    declarations: new Map(),
  };
  const declarations: Declaration[] = [
    ...random.subset(workloads, 0.85).map((workload) => makeService(random, empty, workload)),
    ...EXTERNALS.flatMap((name) => (random.chance(0.8) ? [makeExternal(random, empty, name)] : [])),
  ];
  return { ...empty, declarations: new Map(declarations.map((one) => [declarationKey(one), one])) };
}

/** The estate after some random edits: things declared, changed or withdrawn, at times a namespace relabelled. */
export function editEstate(random: Random, estate: Estate): Estate {
  const declarations = new Map(estate.declarations);
  let { namespaces } = estate;
  if (random.chance(0.15)) {
    const changed = makeNamespace(random, random.pick(NAMESPACES));
    namespaces = namespaces.map((one) => (one.metadata.name === changed.metadata.name ? changed : one));
  }
  const gateways = random.chance(0.15) ? toggled(estate.gateways, random.pick(NAMESPACES)) : estate.gateways;
  for (const change of random.list(1, 4, () => random.below(10))) {
    if (change < 3) {
      const key = random.pick([...declarations.keys(), 'nothing']);
      declarations.delete(key);
    } else {
      const next =
        change < 8
          ? makeService(random, estate, random.pick(estate.workloads))
          : makeExternal(random, estate, random.pick(EXTERNALS));
      declarations.set(declarationKey(next), next);
    }
  }
  return { ...estate, namespaces, gateways, declarations };
}

/** The Gateways with one waypoint more, or one less. */
function toggled(gateways: readonly GatewayManifest[], namespace: string): readonly GatewayManifest[] {
  const others = gateways.filter(({ metadata }) => metadata.namespace !== namespace || metadata.name !== 'waypoint');
  return others.length < gateways.length ? others : [...gateways, makeGateway(namespace, 'waypoint')];
}

/** Everything that a compiler is given. */
export function inputsOf(estate: Estate): Declaration[] {
  const deployments = estate.workloads.flatMap(({ deployment }) => deployment ?? []);
  return [...estate.namespaces, ...estate.gateways, ...deployments, ...estate.declarations.values()];
}

function makeNamespace(random: Random, name: string): NamespaceManifest {
  const labels: Record<string, string> = { 'kubernetes.io/metadata.name': name };
  if (random.chance(0.3)) labels['lattice.dev/managed'] = 'true';
  if (random.chance(0.3)) labels['istio.io/dataplane-mode'] = random.pick(['none', 'ambient']);
  if (random.chance(0.35)) labels['istio.io/use-waypoint'] = 'waypoint';
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

function makeGateway(namespace: string, name: string): GatewayManifest {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace },
    spec: { gatewayClassName: 'istio-waypoint' },
  };
}

/** The Gateway for egress, if this estate has it. */
export function egressGateway(estate: Estate): GatewayManifest | undefined {
  return estate.gateways.find(({ metadata }) => metadata.name === EGRESS_GATEWAY.name);
}

/** The waypoint before the services of a namespace: its label names one, and there is a Gateway of that name. */
export function waypointOf(estate: Estate, namespace: string): GatewayManifest | undefined {
  const labels = estate.namespaces.find(({ metadata }) => metadata.name === namespace)?.metadata.labels;
  const name = labels?.['istio.io/use-waypoint'];
  return estate.gateways.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
}

/** The mesh mode of a namespace: its label, else the default. */
export function meshOf({ mesh, namespaces }: Estate, namespace: string): Mesh {
  const labels = namespaces.find(({ metadata }) => metadata.name === namespace)?.metadata.labels;
  const mode = labels?.['istio.io/dataplane-mode'];
  return mode === 'ambient' || mode === 'none' ? mode : mesh;
}

function makeWorkload(random: Random, name: string): Workload {
  const namespace = random.pick(NAMESPACES);
  const adopted = random.chance(0.5);
  const extra = random.chance(0.3) ? { version: random.pick(['v1', 'v2']) } : {};
  const labels: Record<string, string> = adopted
    ? { app: name, part: random.pick(['a', 'b']), ...extra }
    : { 'app.kubernetes.io/name': name, ...extra };
  const account = adopted && random.chance(0.4) ? 'default' : name;
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    labels,
    account,
    adopted,
    ...(random.chance(0.5) && { deployment: makeDeployment(random, namespace, name, labels, account) }),
  };
}

function makeDeployment(
  random: Random,
  namespace: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  serviceAccountName: string,
): DeploymentManifest {
  const ports = random.subset(CONTAINER_PORTS, 0.6);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { template: { metadata: { labels }, spec: { serviceAccountName, containers: [{ name: 'app', ports }] } } },
  };
}

const CONTAINER_PORTS = [
  { name: 'web', containerPort: 8081, protocol: 'TCP' },
  { name: 'rpc', containerPort: 7072, protocol: 'TCP' },
  { name: 'media', containerPort: 5004, protocol: 'UDP' },
] as const;

function makeService(random: Random, estate: Estate, workload: Workload): ServiceDeclaration {
  const { namespace, name, labels, adopted, account } = workload;
  const { app = name, part = 'a' } = labels;
  const matchLabels: Record<string, string> = random.chance(0.5) ? { app } : { app, part };
  const ports = makePorts(random);
  return {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { name, namespace },
    spec: {
      ...(adopted
        ? { selector: { matchLabels }, ...(random.chance(0.8) && { serviceAccount: account }) }
        : { containers: { app: { image: 'example/app:1' } } }),
      ...(random.chance(0.1) && { mode: 'shadow' as const }),
      ...(random.chance(0.4) && { allowSharedIdentity: true }),
      ...(Object.keys(ports).length > 0 && { service: { ports } }),
      resources: makeResources(random, estate, workload),
    },
  };
}

function makePorts(random: Random): Record<string, PortDeclaration> {
  return Object.fromEntries(
    random.subset(['http', 'grpc', 'admin', 'media'], 0.65).map((name) => [name, makePort(random)] as const),
  );
}

function makePort(random: Random): PortDeclaration {
  const port = random.pick([80, 443, 5432, 7070, 9090]);
  return {
    port,
    ...(random.chance(0.5) && { targetPort: random.pick([8080, 8443, 5432, 7071, 53, 'web', 'rpc', 'media']) }),
    ...(random.chance(0.35) && { protocol: random.pick(['TCP', 'UDP', 'SCTP'] as const) }),
  };
}

function makeResources(random: Random, estate: Estate, self: Workload): Record<string, Entry> {
  const entries: Entry[] = [];
  for (const [caller, callee] of estate.intents) {
    if (caller.key === self.key && random.chance(0.85)) entries.push(makeHalf(random, self, callee, 'outbound'));
    if (callee.key === self.key && random.chance(0.85)) entries.push(makeHalf(random, self, caller, 'inbound'));
  }
  if (random.chance(0.12)) entries.push(makeWildcard(random, 'inbound'));
  if (random.chance(0.12)) entries.push(makeWildcard(random, 'outbound'));
  if (random.chance(0.1)) entries.push({ direction: 'both', id: self.name });
  if (random.chance(0.1)) entries.push({ direction: 'outbound', id: 'nobody', namespace: 'shop' });
  for (const [id, direction] of random.subset(BUILTINS, 0.15)) {
    const ports = random.pick<string | number>(['http', 'web', 443, 6443, 80]);
    entries.push({ type: 'builtin', id, direction, ...(random.chance(0.4) && { ports: [ports] }) });
  }
  for (const name of random.subset(EXTERNALS, 0.4)) {
    const type = 'external_service';
    entries.push({
      type,
      ...(name.startsWith('from-') ? { direction: 'inbound' as const } : {}),
      ...spell(random, self, EXTERNAL_NAMESPACE, name),
      ...(random.chance(0.15) && { ports: [random.pick(['http', 'grpc', 'main', 'extra', 443, 5432])] }),
    });
  }
  return Object.fromEntries(entries.map((entry, index) => [`r${index}`, entry]));
}

const BUILTINS = [
  ['apiserver', 'outbound'],
  ['mesh', 'outbound'],
  ['ingress', 'inbound'],
  ['scrapers', 'inbound'],
  ['webhooks', 'inbound'],
] as const;

function makeHalf(random: Random, self: Workload, peer: Workload, direction: 'outbound' | 'inbound'): Entry {
  return {
    ...(direction === 'inbound' || random.chance(0.5) ? { direction: random.chance(0.08) ? 'both' : direction } : {}),
    ...spell(random, self, peer.namespace, peer.name),
    ...(random.chance(0.2) && {
      ports: random.list(1, 3, () =>
        random.pick<string | number>(['http', 'grpc', 'admin', 'media', 80, 443, 7070, 'absent']),
      ),
    }),
  };
}

/** One of the ways to name a peer. */
function spell(random: Random, self: Workload, namespace: string, name: string): Entry {
  if (namespace === self.namespace && random.chance(0.6)) return { id: name };
  return random.chance(0.5) ? { id: `${namespace}/${name}` } : { id: name, namespace };
}

function makeWildcard(random: Random, direction: 'outbound' | 'inbound'): Entry {
  return {
    direction,
    id: '*',
    ...(random.chance(0.5) && { namespace: random.pick(['*', ...NAMESPACES]) }),
    ...(random.chance(0.3) && { ports: [random.pick(['http', 'grpc', 80])] }),
  };
}

const EXTERNAL_NAMESPACE = 'shop';
const EXTERNALS = ['to-names', 'to-wildcard', 'to-addresses', 'from-offices', 'from-anywhere', 'from-nodes'] as const;

function makeExternal(random: Random, estate: Estate, name: (typeof EXTERNALS)[number]): ExternalDeclaration {
  const members = random
    .subset(estate.workloads, 0.5)
    .map(({ namespace, name: member }) =>
      namespace === EXTERNAL_NAMESPACE && random.chance(0.5) ? member : `${namespace}/${member}`,
    );
  if (random.chance(0.15)) members.push(random.pick(['*', '*/*', 'data/*']));
  const metadata = { name, namespace: EXTERNAL_NAMESPACE };
  const head = { apiVersion: 'lattice.dev/v1alpha1', kind: 'LatticeExternalService', metadata } as const;
  const offers = OFFERS[name];
  if (name.startsWith('to-')) {
    const urls = random.subset(offers, 0.7);
    const names = ['main', 'extra', 'third', 'fourth'];
    const endpoints = Object.fromEntries(
      (urls.length > 0 ? urls : offers).map((url, index) => [names[index] ?? `e${index}`, url] as const),
    );
    return { ...head, spec: { endpoints, allowed_requesters: members } };
  }
  const sources = random.subset(offers, 0.7);
  return { ...head, spec: { sources: sources.length > 0 ? sources : offers, allowed_targets: members } };
}

const OFFERS: Readonly<Record<(typeof EXTERNALS)[number], readonly string[]>> = {
  'to-names': ['https://api.stripe.com:443', 'tcp://db.example.com:5433', 'udp://ntp.example.com:123'],
  'to-wildcard': ['https://*.example.net:443', 'https://api.stripe.com:8443'],
  'to-addresses': [
    'tcp://198.51.100.0/24:5432',
    'udp://192.0.2.53:53',
    'tcp://[2001:db8:77::/64]:443',
    'tcp://198.51.100.7:9000',
  ],
  'from-offices': ['203.0.113.0/24', '2001:db8:88::/64', '198.51.100.7/32'],
  'from-anywhere': ['world', 'ingress'],
  'from-nodes': ['nodes'],
};
