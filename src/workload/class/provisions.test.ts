import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isLattice, parseObject } from '../../api/index.ts';
import { edgesOf, exemptionsOf, ServiceGraph } from '../../graph/index.ts';
import { CLUSTER, codesOf, external, resourceClass, service, worldOf } from '../testing/world.ts';
import { type GraphChange, Provisions } from './provisions.ts';

const edges = (raws: Parameters<typeof worldOf>[0]) =>
  edgesOf(worldOf(raws).graph)
    .filter(({ agreed }) => agreed)
    .map(({ from, to, port }) => `${from} -> ${to}:${port?.port}`);
const asks = (resource: object) => service('pay', { resources: { db: { type: 'postgres', ...resource } } });
const embedded = resourceClass('pg', { type: 'postgres', embedded: {} });

test('an embedded database is a node of the graph that its declarer, and nobody else, may call', () => {
  const other = service('thief', { resources: { 'pay-db': {} } });
  assert.deepEqual(edges([asks({}), other, embedded]), ['default/pay -> default/pay-db:5432']);
});

test('a class for something that exists outside opens that address to its users alone', () => {
  const outputs = { database: { value: 'a' }, username: { value: 'u' }, password: { secret: { name: 's', key: 'p' } } };
  const existing = resourceClass('pg', { type: 'postgres', endpoint: { url: 'tcp://db.example.com:5432' }, outputs });
  assert.deepEqual(edges([asks({}), existing]), ['default/pay -> external:default/pay-db:5432']);
});

test('a class for a declared service adds no consent: that service must accept its users itself', () => {
  const outputs = { database: { value: 'a' }, username: { value: 'u' }, password: { secret: { name: 's', key: 'p' } } };
  const shared = resourceClass('pg', { type: 'postgres', endpoint: { service: 'default/main-db' }, outputs });
  const db = (resources: object) => service('main-db', { service: { ports: { sql: { port: 5432 } } }, resources });
  assert.deepEqual(edges([asks({}), shared, db({})]), []);
  assert.deepEqual(edges([asks({}), shared, db({ pay: { direction: 'inbound' } })]), [
    'default/pay -> default/main-db:5432',
  ]);
});

test("a template makes another operator's objects beside their user, with parameters of their own type", () => {
  const template = {
    objects: [
      {
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'Cluster',
        metadata: { name: '${resource.name}', namespace: 'kube-system' },
        spec: { instances: '${params.instances | default(1)}', storage: { size: '${params.size | default("1Gi")}' } },
      },
    ],
    pods: {
      selector: { matchLabels: { 'cnpg.io/cluster': '${resource.name}' } },
      serviceAccount: '${resource.name}',
      service: { ports: { postgres: { port: 5432 } } },
    },
  };
  const outputs = {
    host: { value: '${resource.name}-rw.${resource.namespace}.svc.${cluster.domain}' },
    port: { type: 'integer', value: 5432 },
    database: { value: 'app' },
    username: { value: 'app' },
    password: { secret: { name: '${resource.name}-app', key: 'password' } },
  };
  const cnpg = resourceClass('pg', { type: 'postgres', template, outputs });
  const world = worldOf([asks({ params: { instances: 3 } }), cnpg]);
  assert.deepEqual(world.provisions.instances()[0]?.objects, [
    {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      metadata: { name: 'pay-db', namespace: 'default' },
      spec: { instances: 3, storage: { size: '1Gi' } },
    },
  ]);
  assert.deepEqual(edges([asks({}), cnpg]), ['default/pay -> default/pay-db:5432']);
  const ports = { postgres: { port: 5432 }, status: { port: 8000 } };
  const more = { ...template, pods: { ...template.pods, service: { ports } } };
  const several = resourceClass('pg', { type: 'postgres', template: more, outputs });
  assert.deepEqual(
    edges([asks({}), several]),
    ['default/pay -> default/pay-db:5432'],
    'users get the port of the output alone',
  );
});

test('a class that gives less than its type promises, or another type of value, is refused', () => {
  const find = (spec: object) =>
    worldOf([asks({}), resourceClass('pg', { type: 'postgres', ...spec })]).provisions.findings();
  const less = find({ endpoint: { url: 'tcp://db.example.com:5432' } });
  assert.match(less[0]?.message ?? '', /database, username, password is missing/);
  const outputs = { database: { value: 'a' }, username: { value: 'u' }, password: { secret: { name: 's', key: 'p' } } };
  const wrong = find({
    endpoint: { url: 'tcp://d.example.com:1' },
    outputs: { ...outputs, port: { type: 'integer', value: 'x' } },
  });
  assert.match(wrong[0]?.message ?? '', /no integer/);
  assert.match(
    find({ endpoint: { url: 'tcp://d.example.com:1' }, outputs: { ...outputs, host: { value: '${x.y}' } } })[0]
      ?.message ?? '',
    /there is no x; available: cluster/,
  );
});

test('two classes for one type and class count for nothing, whichever comes first', () => {
  const world = worldOf([asks({}), embedded, resourceClass('pg-2', { type: 'postgres', embedded: {} })]);
  assert.deepEqual(world.provisions.instances(), []);
  assert.deepEqual(
    world.provisions.findings().map(({ code }) => code),
    ['ResourceClassTwice', 'ResourceClassTwice'],
  );
});

test('services share a resource by giving the same id, and only in the same way', () => {
  const user = (name: string, params: object = {}) =>
    service(name, { resources: { db: { type: 'postgres', id: 'main', params } } });
  assert.deepEqual(edges([user('a'), user('b'), embedded]), [
    'default/a -> default/main:5432',
    'default/b -> default/main:5432',
  ]);
  const world = worldOf([user('a'), user('b', { size: '2Gi' }), embedded]);
  assert.deepEqual(
    world.provisions.findings().map(({ code, object }) => `${code} ${object?.name}`),
    ['ResourceConflict b'],
  );
});

test('a resource never takes the name of something that is declared', () => {
  for (const declared of [service('pay-db'), external('pay-db', { endpoints: { a: 'tcp://x.example.com:1' } })]) {
    const outputs = {
      database: { value: 'a' },
      username: { value: 'u' },
      password: { secret: { name: 's', key: 'p' } },
    };
    const outside = resourceClass('pg', { type: 'postgres', endpoint: { url: 'tcp://db.example.com:5432' }, outputs });
    const world = worldOf([asks({}), declared['kind'] === 'LatticeService' ? embedded : outside, declared]);
    assert.deepEqual(
      world.provisions.findings().map(({ code }) => code),
      ['ResourceNameTaken'],
    );
    assert.deepEqual(world.provisions.instances(), []);
  }
});

test('what was made and is asked for no longer stays a node that accepts nobody, for as long as it is remembered', () => {
  const kept = { name: 'pay-db', spec: { selector: { matchLabels: { 'app.kubernetes.io/name': 'pay-db' } } } };
  const status = { workload: { instances: [kept] } };
  const caller = { ...service('pay', { resources: { db: { id: 'pay-db' } } }), status };
  const world = worldOf([caller]);
  assert.ok(world.graph.state.services.has('default/pay-db'));
  assert.deepEqual(edges([caller]), []);
  assert.equal(world.provisions.instance('default/pay-db'), undefined);
  // Asked for again, it is what the class makes; declared by somebody, it is that.
  assert.deepEqual(edges([{ ...asks({}), status }, embedded]), ['default/pay -> default/pay-db:5432']);
  const own = service('pay-db', {
    service: { ports: { sql: { port: 1 } } },
    resources: { pay: { direction: 'inbound' } },
  });
  assert.deepEqual(edges([caller, own]), ['default/pay -> default/pay-db:1']);
});

test('volumes are no business of the graph', () => {
  const world = worldOf([service('a', { resources: { disk: { type: 'volume' } } })]);
  assert.equal(world.graph.state.services.get('default/a')?.findings.length, 0);
  assert.deepEqual(codesOf(world.render('a')), []);
});

test('after any order of changes the graph is that of the declarations that are left', () => {
  const name = fc.constantFrom('a', 'b', 'a-db');
  const resource = fc.record(
    {
      type: fc.constantFrom('postgres', 'redis', 'service'),
      class: fc.constantFrom('default', 'other'),
      id: fc.constantFrom('main', 'b'),
    },
    { requiredKeys: ['type'] },
  );
  const change = fc.oneof(
    fc.record({
      do: fc.constant('service'),
      name,
      resources: fc.dictionary(fc.constantFrom('db', 'x'), resource),
      // What its status remembers to have been made.
      kept: fc.uniqueArray(fc.constantFrom('a-db', 'b-db', 'main', 'b'), { maxLength: 2 }),
    }),
    fc.record({ do: fc.constant('external'), name }),
    fc.record({
      do: fc.constant('class'),
      name,
      type: fc.constantFrom('postgres', 'redis'),
      class: fc.constantFrom('default', 'other'),
    }),
    fc.record({ do: fc.constantFrom('delete service', 'delete external', 'delete class'), name }),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 14 }), (changes) => {
      const provisions = new Provisions(CLUSTER);
      const settings = { mesh: 'none', exemptions: exemptionsOf(undefined) } as const;
      const graph = new ServiceGraph(settings);
      const left = new Map<string, Record<string, unknown>>();
      const tell = ({ put, gone }: GraphChange): void => {
        for (const each of gone) graph.delete(each);
        for (const each of put) graph.put(each);
      };
      for (const each of changes) {
        const raw = rawOf(each);
        if (raw) {
          left.set(`${raw.kind} ${each.name}`, raw.object);
          const parsed = isLattice(raw.object) ? parseObject(raw.object) : undefined;
          assert.ok(parsed?.ok);
          const { value } = parsed;
          if (value.kind === 'LatticeResourceClass') tell(provisions.putClass(value));
          else if (value.kind === 'LatticeService' || value.kind === 'LatticeExternalService')
            tell(provisions.put(value));
          continue;
        }
        const kind = each.do.slice('delete '.length);
        if (!left.delete(`${kind} ${each.name}`)) continue;
        if (kind === 'class') tell(provisions.deleteClass(each.name));
        else
          tell(
            provisions.delete(kind === 'service' ? 'LatticeService' : 'LatticeExternalService', `default/${each.name}`),
          );
      }
      const fresh = worldOf([...left.values()]);
      assert.deepEqual(provisions.instances(), fresh.provisions.instances());
      const known = (of: ServiceGraph) => ({
        services: [...of.state.services.keys()].sort(),
        externals: [...of.state.externals.keys()].sort(),
        edges: edgesOf(of),
      });
      assert.deepEqual(known(graph), known(fresh.graph));
      assert.deepEqual(provisions.findings(), fresh.provisions.findings());
    }),
    { numRuns: 300 },
  );
});

function rawOf(change: {
  readonly do: string;
  readonly name: string;
  readonly resources?: object;
  readonly kept?: readonly string[];
  readonly type?: string;
  readonly class?: string;
}) {
  const { name } = change;
  if (change.do === 'service') {
    const instances = (change.kept ?? []).map((each) => ({
      name: each,
      spec: { selector: { matchLabels: { each } } },
    }));
    const object = { ...service(name, { resources: change.resources }), status: { workload: { instances } } };
    return { kind: 'service', object };
  }
  if (change.do === 'external')
    return { kind: 'external', object: external(name, { endpoints: { a: 'tcp://x.example.com:1' } }) };
  if (change.do === 'class') {
    return { kind: 'class', object: resourceClass(name, { type: change.type, class: change.class, embedded: {} }) };
  }
  return undefined;
}
