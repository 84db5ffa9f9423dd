// The permissions of the chart, proved: a whole life of the operators under them, on a server that writes down what they
// ask. Nothing is refused, and nothing is granted that they never use.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { isKubeObject, type KubeObject } from '../../../src/kube/index.ts';
import { until } from '../../e2e/until.ts';
import { at } from '../../at.ts';
import { objectsIn, template } from '../rendered.ts';
import { data, readDefinitions } from './engines.ts';
import { grantsOf, refused, unused } from './grants.ts';
import { CLASSES, DECLARED, DEPLOYED, GATEWAY_STATUS, NAMESPACES, REFUSED_SERVICE } from './life.ts';
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts';
import { type Asked, lacksServer, type Server, startServer } from './server.ts';

const LIMIT_MS = 90_000;
const RUNNING = [
  'serviceaccounts',
  'configmaps',
  'persistentvolumeclaims',
  'services',
  'deployments',
  'statefulsets',
  'poddisruptionbudgets',
  'horizontalpodautoscalers',
];
const ACCOUNT = 'system:serviceaccount:lattice-system:lattice';
const skip =
  lacksServer !== false ? lacksServer : data === undefined ? 'no definitions of the engines: set LATTICE_DATA' : false;

suite('the permissions of the chart', { skip }, () => {
  let server: Server;
  before(async () => {
    // Without watches that begin with a list, as older servers are: then lists and watches are both asked for.
    server = await startServer(['--feature-gates=WatchList=false']);
    server.must(
      ['apply', '--server-side', '--validate=false', '-f', '-'],
      readDefinitions(['cilium', 'istio', 'gateway-api', 'network-policy-api']),
    );
    await server.established();
  });
  after(() => server.close());

  test('are enough, and no more than enough, for a life with Cilium and Istio', async () => {
    const values = { engines: ['cilium', 'istio'], egressWaypoint: 'egress/waypoint', clusterName: 'default' };
    const life = await openLife(server, values);
    await life.run(['cnp', 'authorizationpolicies', 'peerauthentications', 'serviceentries']);
    await life.judge();
  });

  test('are enough, and no more than enough, for a life with NetworkPolicy alone', async () => {
    const life = await openLife(server, { engines: ['kubernetes'], mesh: 'none' });
    await life.run(['networkpolicies']);
    await life.judge();
  });
});

interface Life {
  /** Declare, edit, meddle, hand over, delete; `kinds` are those of the objects that the engines get. */
  readonly run: (kinds: readonly string[]) => Promise<void>;
  readonly judge: () => Promise<void>;
}

const pluralOf = (kind: string): string => `${kind.toLowerCase()}s`.replace(/ys$/, 'ies');

function listedIn(json: string): readonly KubeObject[] {
  const items = at(JSON.parse(json), 'items');
  return Array.isArray(items) ? items.filter(isKubeObject) : [];
}

async function openLife(server: Server, more: object): Promise<Life> {
  const known = server.asked(ACCOUNT).length;
  const asked = (): readonly Asked[] => server.asked(ACCOUNT).slice(known);
  // The Service of the webhook leads to this machine, by a port that has to be known before the chart is applied.
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const rendered = template({ namespace: { create: true }, admission: { servicePort: port }, ...more });
  // What an earlier life left would be found, and not made.
  const left = ['secret/lattice-webhook', 'lease/lattice-operator', 'validatingwebhookconfiguration/lattice'];
  server.must(['delete', ...left, '-n', 'lattice-system', '--ignore-not-found']);
  server.must(['apply', '--server-side', '--force-conflicts', '--validate=false', '-f', '-'], rendered);
  server.must(['delete', 'service', 'lattice-webhook', '-n', 'lattice-system']);
  server.must([
    'create',
    'service',
    'externalname',
    'lattice-webhook',
    '-n',
    'lattice-system',
    '--external-name',
    'localhost',
  ]);
  server.must(['apply', '--validate=false', '-f', '-'], NAMESPACES);
  const running: OperatorProcess[] = [];
  const start = async (webhookPort: number): Promise<OperatorProcess> => {
    const operator = await startOperatorProcess(server, rendered, webhookPort);
    running.push(operator);
    return operator;
  };
  const counts = (kinds: readonly string[], label = 'lattice.dev/owner'): readonly number[] =>
    kinds.map((kind) => server.must(['get', kind, '-A', '-l', label, '-o', 'name']).split('\n').length - 1);
  const ready = (name: string): string =>
    server.must([
      'get',
      'latticeservice',
      name,
      '-n',
      'shop',
      '-o',
      'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
    ]);

  /** Keeps an object of each kind on its way out until the operator has looked at it: it has to wait for its end. */
  const hold = async (kinds: readonly string[]): Promise<void> => {
    const ofOwner = (label: string, of: readonly string[]): readonly KubeObject[] =>
      listedIn(server.must(['get', of.join(','), '-A', '-l', label, '-o', 'json']));
    const all = [...ofOwner('lattice.dev/owner', kinds), ...ofOwner('lattice.dev/workload', RUNNING)];
    const held = [...new Map(all.map((object) => [object.kind, object])).values()];
    assert.equal(held.length, kinds.length + RUNNING.length);
    const names = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: held.map(({ apiVersion, kind, metadata: { namespace, name } }) => ({
        apiVersion,
        kind,
        metadata: { namespace, name },
      })),
    });
    const finalizers = (value: string): void => {
      server.must(['patch', '-f', '-', '--type=merge', '-p', `{"metadata":{"finalizers":${value}}}`], names);
    };
    finalizers('["example.com/hold"]');
    server.must(['delete', '-f', '-', '--wait=false'], names);
    await until(
      'each of them is looked at',
      () => {
        const looked = new Set(
          asked().flatMap(({ verb, resource, name }) => (verb === 'get' ? [`${resource}/${name}`] : [])),
        );
        return held.every(({ kind, metadata }) => looked.has(`${pluralOf(kind)}/${metadata.name}`)) ? true : undefined;
      },
      LIMIT_MS,
    );
    finalizers('null');
  };

  const run = async (kinds: readonly string[]): Promise<void> => {
    const first = await start(port);
    await first.ready();
    // Ready says nothing of the lease: one that waits for it is ready too.
    await until('the first one leads', () => (first.leads() ? true : undefined), LIMIT_MS);
    const second = await start(0);
    await second.ready();
    assert.ok(!second.leads());

    server.must(['apply', '--server-side', '--validate=false', '-f', '-'], DECLARED);
    server.must(['apply', '--server-side', '--validate=false', '-f', '-'], CLASSES);
    server.must(['apply', '--server-side', '--validate=false', '-f', '-'], DEPLOYED);
    if (kinds.includes('serviceentries'))
      server.must([
        'patch',
        'gateway',
        'waypoint',
        '-n',
        'egress',
        '--subresource=status',
        '--type=merge',
        '-p',
        GATEWAY_STATUS,
      ]);
    await until(
      'every kind of object is there',
      () => (counts(kinds).every((count) => count > 0) ? true : undefined),
      LIMIT_MS,
    );
    await until(
      'everything runs that is to run',
      () => (counts(RUNNING, 'lattice.dev/workload').every((count) => count > 0) ? true : undefined),
      LIMIT_MS,
    );
    // As the controller of Kubernetes does that does not run here: else a claim that is deleted stays.
    const unhold = ['--type=merge', '-p', '{"metadata":{"finalizers":null}}'];
    for (const claim of server.must(['get', 'pvc', '-n', 'shop', '-o', 'name']).trim().split('\n'))
      server.must(['patch', claim, '-n', 'shop', ...unhold]);
    await until('it is said that all is well', () => (ready('cart') === 'True' ? true : undefined), LIMIT_MS);

    // The webhook, as the API server calls it.
    const { code, stderr } = server.kubectl(['apply', '--validate=false', '-f', '-'], REFUSED_SERVICE);
    assert.equal(code, 1);
    assert.match(stderr, /^The LatticeService "wrong" is invalid: spec: LabelSwitchesCilium: .*\(fix: /);

    const [kind = ''] = kinds;
    const before = server.must(['get', kind, '-n', 'shop', '-o', 'jsonpath={.items[*].metadata.uid}']);
    server.must(['delete', kind, '--all', '-n', 'shop']);
    await until(
      'what someone deleted is there again',
      () => {
        const uids = server.must(['get', kind, '-n', 'shop', '-o', 'jsonpath={.items[*].metadata.uid}']);
        return uids.split(' ').length === before.split(' ').length && uids !== before ? true : undefined;
      },
      LIMIT_MS,
    );

    await hold(kinds);

    assert.equal(await first.stop(), 0);
    await until('the other one leads', () => (second.leads() ? true : undefined), LIMIT_MS);
    await second.ready();
    // Nobody answers at the webhook's port any more: declaring goes on, and the operator says what is wrong.
    server.must(['apply', '--validate=false', '-f', '-'], REFUSED_SERVICE);
    await until('a condition says why', () => (ready('wrong') === 'False' ? true : undefined), LIMIT_MS);

    server.must(['delete', 'latticeservices,latticeexternalservices', '--all', '-n', 'shop']);
    server.must(['delete', 'latticeservices', '--all', '-n', 'legacy']);
    // Its default deny would rightly stay.
    server.must(['label', 'namespace', 'shop', 'lattice.dev/managed-']);
    await until(
      'nothing is left of ours',
      () =>
        [...counts(kinds), ...counts(RUNNING, 'lattice.dev/workload')].every((count) => count === 0) ? true : undefined,
      LIMIT_MS,
    );
    assert.equal(await second.stop(), 0);
  };
  return {
    async run(kinds) {
      try {
        await run(kinds);
      } catch (error) {
        const said = running.flatMap(({ lines }) => lines.slice(-12)).map((line) => JSON.stringify(line));
        throw new Error([String(error), ...refused(asked()), ...said].join('\n'), { cause: error });
      } finally {
        await Promise.all(running.map((operator) => operator.stop()));
      }
    },
    judge() {
      assert.deepEqual(refused(asked()), []);
      const roles = objectsIn(rendered).filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role');
      assert.equal(roles.length, 2);
      const grants = roles.flatMap(grantsOf);
      assert.ok(grants.length > 20);
      assert.deepEqual(unused(grants, asked()), []);
      return Promise.resolve();
    },
  };
}
