// Random inputs for properties: few names, so that declarations meet, and every field that a door depends on.
import fc from 'fast-check';
import type { LatticeExternalService, LatticeService, ServiceResource } from '../../api/index.ts';
import { type Fact, factId } from '../facts.ts';
import type { Gone, Input } from '../graph.ts';

const names = ['a', 'b', 'c', 'd'];
const namespaces = ['n', 'm'];
const name = fc.constantFrom(...names);
const namespace = fc.constantFrom(...namespaces);
const ports = fc.option(fc.subarray(['http', 'grpc', 90, 'nope'], { minLength: 1 }), { nil: undefined, freq: 2 });

const resource: fc.Arbitrary<ServiceResource> = fc.record(
  {
    type: fc.constantFrom('service', 'service', 'service', 'service', 'external_service', 'builtin'),
    direction: fc.constantFrom('both', 'both', 'both', 'outbound', 'inbound'),
    id: fc.oneof({ weight: 8, arbitrary: name }, fc.constantFrom('*', 'n/a', 'm/b', 'scrapers', 'apiserver')),
    namespace: fc.constantFrom('n', 'm', '*'),
    ports,
  },
  { requiredKeys: ['type', 'direction', 'id'], noNullPrototype: true },
) as fc.Arbitrary<ServiceResource>;

export const service: fc.Arbitrary<LatticeService> = fc
  .record({
    name,
    namespace,
    account: fc.constantFrom(undefined, 'x', 'y'),
    labels: fc.option(fc.constantFrom({ app: 'a' }, { app: 'b' }, { app: 'a', tier: 't' }), {
      nil: undefined,
      freq: 4,
    }),
    shadow: fc.boolean(),
    accept: fc.boolean(),
    declared: fc.constantFrom(undefined, ['http'], ['http', 'grpc'], ['grpc']),
    target: fc.constantFrom(undefined, 8080, 'web'),
    datagrams: fc.constantFrom(false, false, true),
    resources: fc.dictionary(fc.constantFrom('r', 's', 't', 'u', 'v'), resource, { noNullPrototype: true, minKeys: 2 }),
  })
  .map(({ name, namespace, account, labels, shadow, accept, declared, target, datagrams, resources }) => ({
    apiVersion: 'lattice.dev/v1alpha1' as const,
    kind: 'LatticeService' as const,
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels ?? { app: name } },
      ...(account === undefined ? {} : { serviceAccount: account }),
      mode: shadow ? ('shadow' as const) : ('enforce' as const),
      allowSharedIdentity: accept,
      ...(declared
        ? {
            service: {
              ports: Object.fromEntries(
                declared.map((port, index) => [
                  port,
                  {
                    port: 80 + 10 * index,
                    ...(target === undefined ? {} : { targetPort: target }),
                    ...(datagrams && port === 'grpc' ? { protocol: 'UDP' as const } : {}),
                  },
                ]),
              ),
            },
          }
        : {}),
      resources,
    },
  }));

const external: fc.Arbitrary<LatticeExternalService> = fc
  .record({
    name,
    namespace,
    endpoints: fc.subarray([
      'https://x.example.com',
      'tcp://10.1.0.0/16:5432',
      'https://*.example.net',
      'udp://192.0.2.5:53',
    ]),
    requesters: fc.subarray(['a', 'b', 'n/c', '*', '*/*']),
    targets: fc.subarray(['a', 'b', '*']),
  })
  .map(({ name, namespace, endpoints, requesters, targets }) => ({
    apiVersion: 'lattice.dev/v1alpha1' as const,
    kind: 'LatticeExternalService' as const,
    metadata: { name, namespace },
    spec: {
      endpoints: Object.fromEntries(endpoints.map((url, index) => [`e${index}`, url])),
      allowed_requesters: requesters,
      sources: ['203.0.113.0/24'],
      allowed_targets: targets,
    },
  }));

const labelSets = [{ app: 'a' }, { app: 'b' }, { app: 'a', tier: 't' }, { other: 'z' }];

const fact: fc.Arbitrary<Fact> = fc.oneof(
  fc
    .record({
      id: fc.constantFrom('Pod n/p', 'Pod n/q', 'Pod m/p'),
      labels: fc.constantFrom(...labelSets),
      account: fc.constantFrom('x', 'y', 'z'),
      host: fc.constantFrom(false, false, false, true),
      port: fc.constantFrom(8080, 9090),
      dataplane: fc.constantFrom(undefined, undefined, 'none' as const, 'sidecar' as const),
    })
    .map(({ id, labels, account, host, port, dataplane }) => ({
      kind: 'pod' as const,
      id,
      namespace: id.slice(4, 5),
      labels,
      account,
      hostNetwork: host,
      ports: [{ name: 'web', port, protocol: 'TCP' as const }],
      dataplane,
    })),
  fc
    .record({
      name: namespace,
      managed: fc.boolean(),
      dataplane: fc.constantFrom(undefined, 'ambient' as const, 'none' as const),
      waypoint: fc.constantFrom(undefined, 'n/way', 'n/late'),
    })
    .map((each) => ({ kind: 'namespace' as const, ...each })),
  fc
    .record({
      name: fc.constantFrom('svc', 'a'),
      namespace,
      selector: fc.constantFrom({ app: 'a' }, { app: 'b' }, undefined),
      headless: fc.boolean(),
      targetPort: fc.constantFrom(8080, 'web'),
      waypoint: fc.constantFrom(undefined, 'none', 'n/way'),
    })
    .map(({ name, namespace, selector, headless, targetPort, waypoint }) => ({
      kind: 'service' as const,
      key: `${namespace}/${name}`,
      namespace,
      name,
      selector,
      headless,
      hidesCallers: false,
      ports: [{ name: 'http', port: 80, targetPort, protocol: 'TCP' as const }],
      waypoint,
    })),
  fc
    .record({
      key: fc.constantFrom('n/way', 'n/late', 'mesh/egress'),
      programmed: fc.constantFrom(true, false, undefined),
    })
    .map(({ key, programmed }) => ({
      kind: 'gateway' as const,
      key,
      namespace: key.split('/')[0] ?? '',
      name: key.split('/')[1] ?? '',
      programmed,
      serves: 'service' as const,
    })),
);

export const input: fc.Arbitrary<Input> = fc.oneof(
  { weight: 6, arbitrary: service },
  { weight: 2, arbitrary: external },
  { weight: 4, arbitrary: fact },
);

/** What deletes an input. */
export function goneOf(each: Input): Gone {
  if (each.kind === 'LatticeService' || each.kind === 'LatticeExternalService') {
    return { kind: each.kind, key: `${each.metadata.namespace ?? 'default'}/${each.metadata.name}` };
  }
  return { kind: 'fact', id: factId(each) };
}

/** Equal for inputs that replace each other. */
export function idOf(each: Input): string {
  return JSON.stringify(goneOf(each));
}

/** A namespace in the mesh whose Services are behind a waypoint: chance alone builds it too rarely for X3, I10 and I11. */
export const behindWaypoint: readonly Fact[] = [
  { kind: 'namespace', name: 'n', managed: false, dataplane: 'ambient', waypoint: 'n/way' },
  { kind: 'gateway', key: 'n/way', namespace: 'n', name: 'way', programmed: true, serves: 'service' },
];

/** The same, where callers reach two of the services past the waypoint too (I11). */
const besideWaypoint: readonly Fact[] = [
  ...behindWaypoint,
  ...['a', 'b'].flatMap((app) =>
    [true, false].map(
      (headless): Fact => ({
        kind: 'service',
        key: `n/${app}${headless ? '-pods' : ''}`,
        namespace: 'n',
        name: `${app}${headless ? '-pods' : ''}`,
        selector: { app },
        headless,
        hidesCallers: false,
        ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
        waypoint: undefined,
      }),
    ),
  ),
];

/** A host that every service calls (C20, X7), and a built-in peer that calls them all. */
const outside: LatticeExternalService = {
  apiVersion: 'lattice.dev/v1alpha1',
  kind: 'LatticeExternalService',
  metadata: { name: 'out', namespace: 'n' },
  spec: { endpoints: { api: 'https://x.example.com', any: 'tcp://y.example.com:90' }, allowed_requesters: ['*'] },
};
const withOutside = {
  out: { type: 'external_service', direction: 'outbound', id: 'out' },
  scraped: { type: 'builtin', direction: 'inbound', id: 'scrapers' },
} as const;

/**
 * Four services of one namespace that name each other there, and whatever else: most halves meet, few services are barred,
 * and in most of the graphs they all stand behind a waypoint, or call a host and are scraped.
 */
export const denseInputs: fc.Arbitrary<Input[]> = fc
  .tuple(
    fc.tuple(service, service, service, service),
    fc.uniqueArray(fc.oneof(external, fact), { selector: idOf, maxLength: 6 }),
    fc.constantFrom<readonly (Fact | LatticeExternalService)[]>([], behindWaypoint, besideWaypoint, [outside]),
  )
  .map(([services, others, stage]) => [
    ...services.map((each, index) => gathered(each, names[index] ?? 'a', stage.includes(outside) ? withOutside : {})),
    ...others
      .filter((each) => !stage.some((set) => idOf(set) === idOf(each)))
      .map((each) => (each.kind === 'pod' ? { ...each, hostNetwork: false, dataplane: undefined } : each)),
    ...stage,
  ]);

function gathered(each: LatticeService, name: string, also: Readonly<Record<string, ServiceResource>>): LatticeService {
  const own = Object.entries(each.spec.resources ?? {}).map(
    ([key, { namespace: _namespace, ...rest }]): [string, ServiceResource] => [key, rest],
  );
  const resources = { ...Object.fromEntries(own), ...also };
  // The last one is, now and then, the pods of a Gateway of the mesh.
  const gateway = name === 'd' && each.spec.allowSharedIdentity === true;
  const selector = { matchLabels: gateway ? { 'gateway.networking.k8s.io/gateway-name': 'front' } : { app: name } };
  return { ...each, metadata: { name, namespace: 'n' }, spec: { ...each.spec, selector, resources } };
}
