// What the compilers' properties take from the graph as given, derived again from the declarations alone: who agreed
// with whom on which ports, and who is told apart. Broken rules of agreement are noticed here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LatticeExternalService, LatticeService, ServiceResource } from '../../src/api/index.ts';
import {
  exemptionsOf,
  type Fact,
  type Input,
  type Port,
  ServiceGraph,
  type ServiceView,
  type Settings,
  type Workload,
} from '../../src/graph/index.ts';
import { type CompileOptions, compileUnit, enginesFor } from '../../src/policy/index.ts';
import { denseInputs, idOf, input } from '../../src/graph/testing/random-inputs.ts';

const RUNS = { numRuns: 400, seed: 20_261_122 };
const anyInputs = fc.uniqueArray(input, { selector: idOf, minLength: 4, maxLength: 14 });

function settingsOf(mesh: 'none' | 'ambient'): Settings {
  return { mesh, exemptions: exemptionsOf() };
}

for (const mesh of ['none', 'ambient'] as const) {
  test(`an edge has exactly the ports that both sides declare and that the mesh can tell the caller by (mesh ${mesh})`, (context) => {
    let open = 0;
    let shut = 0;
    fc.assert(
      fc.property(fc.oneof(denseInputs, anyInputs), (inputs) => {
        const graph = ServiceGraph.of(inputs, settingsOf(mesh));
        const services = inputs.filter((each) => each.kind === 'LatticeService');
        for (const caller of services) {
          for (const callee of services) {
            const from = graph.service(keyOf(caller));
            const to = graph.service(keyOf(callee));
            if (!from || !to) assert.fail('a declared service has a view');
            const closed = closedBecause(from.self, to.self, inputs, graph);
            const agreed = closed ? [] : to.self.ports.filter((port) => bothSay(caller, callee, port));
            assert.deepEqual(portsOf(to.inbound, from.self.key), agreed, `${keyOf(caller)} -> ${keyOf(callee)}`);
            assert.deepEqual(portsOf(from.outbound, to.self.key), agreed, `${keyOf(caller)} -> ${keyOf(callee)}`);
            if (agreed.length > 0) open++;
            else shut++;
          }
        }
      }),
      RUNS,
    );
    context.diagnostic(`pairs: ${open} open, ${shut} closed`);
    assert.ok(open > 200 && shut > 200, 'the random graphs hold too few agreements to mean anything');
  });
}

test('an external service is called by those that it lists and that list it, and calls those likewise', (context) => {
  let open = 0;
  fc.assert(
    fc.property(fc.oneof(denseInputs, anyInputs), (inputs) => {
      const graph = ServiceGraph.of(inputs, settingsOf('none'));
      for (const service of inputs.filter((each) => each.kind === 'LatticeService')) {
        const view = graph.service(keyOf(service));
        if (!view || view.self.mesh === 'ambient') continue;
        const barred = view.self.barred !== undefined;
        for (const external of inputs.filter((each) => each.kind === 'LatticeExternalService')) {
          const key = keyOf(external);
          const { allowed_requesters: requesters = [], allowed_targets: targets = [] } = external.spec;
          const node = graph.state.externals.get(key)?.node;
          const called = (node?.endpoints ?? []).filter(
            (each) => !barred && lists(requesters, external, service) && someSays(service, 'outbound', external, each),
          );
          const calling: readonly Port[] = view.self.ports.filter(
            (each) => !barred && lists(targets, external, service) && someSays(service, 'inbound', external, each),
          );
          assert.deepEqual(view.egress.find((each) => each.external.key === key)?.endpoints ?? [], called);
          assert.deepEqual(view.ingress.find((each) => each.external.key === key)?.ports ?? [], calling);
          open += called.length + calling.length;
        }
      }
    }),
    { ...RUNS, numRuns: 1500 },
  );
  context.diagnostic(`agreed endpoints and ports: ${open}`);
  assert.ok(open > 100, 'the random graphs hold too few agreements to mean anything');
});

test('two wildcards never agree, also beside a name that says other ports', () => {
  const star = { type: 'service', id: '*' } as const;
  const ports = { http: { port: 80 }, grpc: { port: 90 } };
  const named = { type: 'service', ports: ['http'] };
  const caller = declared('n', 'a', { resources: { b: named, all: star } });
  const callee = declared('n', 'b', { service: { ports }, resources: { all: { ...star, direction: 'inbound' } } });
  const [link] = ServiceGraph.of([caller, callee], settingsOf('none')).service('n/b')?.inbound ?? [];
  assert.deepEqual(
    link?.ports.map((each) => each.name),
    ['http'],
  );
  const silent = declared('n', 'a', { resources: { all: star } });
  assert.deepEqual(ServiceGraph.of([silent, callee], settingsOf('none')).service('n/b')?.inbound, []);
});

test('a built-in peer is called at those of its configured ports that the service names', () => {
  const service = declared('n', 'a', { resources: { apiserver: { type: 'builtin', ports: [6443] } } });
  const [link] = ServiceGraph.of([service], settingsOf('none')).service('n/a')?.builtins ?? [];
  assert.deepEqual(link?.outbound, [{ port: 6443, protocol: 'TCP' }]);
});

test('what no engine can keep apart or must not touch is barred, and has no edge in either direction', () => {
  const both = { direction: 'both', type: 'service' } as const;
  const pod: Fact = {
    kind: 'pod',
    id: 'Pod n/p',
    namespace: 'n',
    labels: { app: 'a' },
    account: 'default',
    hostNetwork: true,
    ports: [],
    dataplane: undefined,
  };
  const cases: readonly (readonly [code: string | undefined, namespace: string, others: readonly Input[]])[] = [
    [undefined, 'n', []],
    ['IdentityIsNode', 'n', [pod]],
    ['PodInTwoServices', 'n', [declared('n', 'twin', { selector: { matchLabels: { app: 'a' } } })]],
    ['SystemNamespace', 'kube-system', []],
  ];
  for (const [code, namespace, others] of cases) {
    const a = declared(namespace, 'a', { resources: { b: { ...both, id: 'm/b' } } });
    const b = declared('m', 'b', { resources: { a: { ...both, id: `${namespace}/a` } } });
    const graph = ServiceGraph.of([a, b, ...others], settingsOf('none'));
    const views = [graph.service(keyOf(a)), graph.service(keyOf(b))];
    assert.equal(views[0]?.self.barred, code);
    const edges = code === undefined ? 1 : 0;
    for (const view of views) assert.deepEqual([view?.inbound.length, view?.outbound.length], [edges, edges], code);
  }
});

test('C3: a caller with ports of its own beside a thousand others is in one object, and no rule of any is without peers', () => {
  const callers = Array.from({ length: 1_100 }, (_, index) =>
    declared('n', `c${index}`, {
      resources: { hub: { type: 'service', ports: [index === 0 ? 'grpc' : 'http'] } },
    }),
  );
  const resources: Record<string, ServiceResource> = {};
  for (const { metadata } of callers) resources[metadata.name] = { type: 'service', direction: 'inbound' };
  const hub = declared('n', 'hub', { service: { ports: { http: { port: 80 }, grpc: { port: 90 } } }, resources });
  const graph = ServiceGraph.of([hub, ...callers], settingsOf('none'));
  const options: CompileOptions = {
    engines: ['cilium'],
    trustDomain: 'cluster.local',
    clusterName: 'default',
    mesh: 'none',
    exemptions: exemptionsOf(),
  };
  const { drafts } = compileUnit(graph, { kind: 'service', namespace: 'n', name: 'hub' }, enginesFor(options), options);
  const text = JSON.stringify(drafts.map(({ object }) => object.spec));
  assert.ok(drafts.length > 2, 'the callers fit in one object');
  assert.equal(text.split('"port":"90"').length - 1, 1);
  assert.doesNotMatch(text, /"fromEndpoints":\[\]/);
});

type Named = LatticeService | LatticeExternalService;
type Said = { readonly name: string; readonly port: number };

function keyOf({ metadata }: Named): string {
  return `${metadata.namespace ?? 'default'}/${metadata.name}`;
}

function portsOf(links: ServiceView['inbound'], peer: string) {
  return links.find((link) => link.peer.key === peer)?.ports ?? [];
}

/** One side names the other, and the other names it or says `*`. */
function bothSay(caller: LatticeService, callee: LatticeService, port: Said): boolean {
  const out = sayings(caller, 'outbound', callee, 'service', port);
  const into = sayings(callee, 'inbound', caller, 'service', port);
  return (out.byName && (into.byName || into.byStar)) || (out.byStar && into.byName);
}

function someSays(service: LatticeService, direction: 'outbound' | 'inbound', peer: Named, port: Said): boolean {
  return sayings(service, direction, peer, 'external_service', port).byName;
}

function sayings(
  self: LatticeService,
  direction: 'outbound' | 'inbound',
  peer: Named,
  type: 'service' | 'external_service',
  port: Said,
): { readonly byName: boolean; readonly byStar: boolean } {
  const halves = Object.entries(self.spec.resources ?? {}).filter(
    ([, each]) =>
      (each.type ?? 'service') === type &&
      [direction, 'both'].includes(each.direction ?? 'outbound') &&
      (each.ports === undefined || each.ports.includes(port.name) || each.ports.includes(port.port)),
  );
  const named = halves.map(([entry, each]) => target(self, entry, each));
  const [space = '', name = ''] = keyOf(peer).split('/');
  return {
    byName: named.includes(`${space}/${name}`),
    byStar: keyOf(self) !== keyOf(peer) && (named.includes(`${space}/*`) || named.includes('*/*')),
  };
}

/** `namespace/name` of what an entry means; undefined where its two namespaces differ. */
function target(self: LatticeService, entry: string, { id = entry, namespace }: ServiceResource): string | undefined {
  if (!id.includes('/')) return `${namespace ?? self.metadata.namespace ?? 'default'}/${id}`;
  return namespace === undefined || id.startsWith(`${namespace}/`) ? id : undefined;
}

function lists(members: readonly string[], owner: Named, service: LatticeService): boolean {
  const [space = ''] = keyOf(service).split('/');
  const full = members.map((each) => (each.includes('/') ? each : `${owner.metadata.namespace ?? 'default'}/${each}`));
  return full.includes(keyOf(service)) || full.includes(`${space}/*`) || full.includes('*/*');
}

/** An end is barred, or both are in the mesh and the caller runs under somebody else's account, which it did not accept. */
function closedBecause(from: Workload, to: Workload, inputs: readonly Input[], graph: ServiceGraph): boolean {
  if (from.barred !== undefined || to.barred !== undefined) return true;
  if (from.mesh !== 'ambient' || to.mesh !== 'ambient') return false;
  const accepted = inputs.some(
    (each) => each.kind === 'LatticeService' && keyOf(each) === from.key && each.spec.allowSharedIdentity === true,
  );
  return !accepted && isShared(from, inputs, graph);
}

function isShared(self: Workload, inputs: readonly Input[], graph: ServiceGraph): boolean {
  const workloads = [...graph.state.workloads.values()].filter(({ namespace }) => namespace === self.namespace);
  const strays = inputs.filter(
    (each) =>
      each.kind === 'pod' &&
      each.namespace === self.namespace &&
      !workloads.some(({ selectors }) => selectors.some((labels) => hasAll(each.labels, labels))),
  );
  return (
    workloads.some(({ key, accounts }) => key !== self.key && accounts.some((each) => self.accounts.includes(each))) ||
    strays.some((each) => each.kind === 'pod' && self.accounts.includes(each.account))
  );
}

function hasAll(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function declared(namespace: string, name: string, spec: Partial<LatticeService['spec']>): LatticeService {
  const ports = { http: { port: 80 } };
  return {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { namespace, name },
    spec: { selector: { matchLabels: { app: name } }, service: { ports }, ...spec },
  };
}
