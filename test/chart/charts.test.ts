import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { load } from 'js-yaml';
import { BUNDLES } from '../../scripts/charts/bundles.ts';
import { definitionsTemplate } from '../../scripts/charts/definitions-template.ts';
import { generateCharts } from '../../scripts/charts/generate-charts.ts';
import { customResourceDefinitions } from '../../src/api/index.ts';
import { lattice } from '../cli/testing.ts';
import { recordOf } from '../controlplane/talk.ts';
import { at } from '../at.ts';
import { installed, lacksHelm, objectsIn, one, root, runHelm, template } from './rendered.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

suite('the charts', () => {
  test('have every value in their schema, with a description, and nothing in the schema that is no value', () => {
    const keysOf = (value: unknown, schema: unknown, path: string): readonly string[] => {
      const properties = at(schema, 'properties');
      if (properties === undefined) return [path];
      const [have, know] = [Object.keys(recordOf(value)), Object.keys(recordOf(properties))];
      assert.deepEqual(have.toSorted(), know.filter((key) => key !== 'global').toSorted(), path);
      return have.flatMap((key) => keysOf(at(value, key), at(properties, key), `${path}.${key}`));
    };
    const schema: unknown = JSON.parse(read('charts/lattice/values.schema.json'));
    assert.ok(keysOf(load(read('charts/lattice/values.yaml')), schema, 'values').length > 40);
  });

  test('have the version of the package', () => {
    const { version } = recordOf(JSON.parse(read('package.json')));
    for (const { chart } of BUNDLES) {
      const about = recordOf(load(read(`${chart}/Chart.yaml`)));
      assert.deepEqual([about.version, about.appVersion], [version, version], chart);
    }
  });

  test('bring all definitions that the command line prints, whatever is turned on later', async () => {
    const { stdout } = await lattice(['crds']);
    const printed = objectsIn(stdout);
    const brought = installed().filter(({ kind }) => kind === 'CustomResourceDefinition');
    assert.deepEqual(
      brought.map(({ metadata }) => metadata.name).sort(),
      printed.map(({ metadata }) => metadata.name).sort(),
    );
    for (const definition of brought) {
      const { metadata, ...rest } = one(printed, 'CustomResourceDefinition', definition.metadata.name);
      const { metadata: _, ...own } = { ...definition };
      assert.deepEqual(own, rest, String(recordOf(metadata).name));
    }
  });

  test('a brace of a description is no template', () => {
    const [first] = customResourceDefinitions();
    assert.ok(first);
    const odd = { ...first, spec: { ...first.spec, note: 'a {{ b }} c' } };
    assert.match(definitionsTemplate([odd]), /note: .*a \{\{ "\{\{" \}\} b \}\} c/);
  });

  test('are generated: what lies there is what the generator writes', { skip: lacksHelm }, () => {
    const { files, skipped } = generateCharts(root, process.env);
    assert.equal(skipped, undefined);
    for (const [path, text] of files) assert.equal(read(path), text, `${path}: run "npm run generate"`);
  });

  test('pass helm lint', { skip: lacksHelm }, () => {
    for (const { chart } of BUNDLES) {
      const { code, stdout } = runHelm(['lint', '--strict', chart]);
      assert.equal(code, 0, stdout);
    }
  });

  test('refuse a value that is misspelt, of another type, or makes no sense', { skip: lacksHelm }, () => {
    for (const values of [
      { replica: 2 },
      { replicas: '2' },
      { engines: ['kubernetes', 'istio'] },
      { engines: [] },
      { logLevel: 'trace' },
      { image: { digest: 'latest' } },
    ])
      assert.throws(() => template(values), /schema/, JSON.stringify(values));
  });
});

suite('the operator of the chart', () => {
  const objects = installed();
  const pod = recordOf(at(one(objects, 'Deployment'), 'spec', 'template', 'spec'));
  const [container] = Array.isArray(pod.containers) ? pod.containers.map(recordOf) : [];

  test('runs twice, spread over nodes, and one of them is always left', () => {
    assert.equal(at(one(objects, 'Deployment'), 'spec', 'replicas'), 2);
    assert.equal(at(one(objects, 'PodDisruptionBudget'), 'spec', 'minAvailable'), 1);
    assert.ok(argumentsOf(container).includes('--leader-elect'));
  });

  test('is what the restricted Pod Security Standard asks for, with a file system that is read only', () => {
    const { runAsNonRoot, runAsUser, seccompProfile } = recordOf(pod.securityContext);
    assert.deepEqual([runAsNonRoot, runAsUser, seccompProfile], [true, 65532, { type: 'RuntimeDefault' }]);
    assert.deepEqual(container?.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) assert.equal(pod[field], undefined);
    assert.equal(
      at(one(objects, 'Namespace'), 'metadata', 'labels', 'pod-security.kubernetes.io/enforce'),
      'restricted',
    );
  });

  test('has resources, and a heap that fits into them', () => {
    const limit = Number.parseInt(String(at(container, 'resources', 'limits', 'memory')), 10);
    const environment = Array.isArray(container?.env) ? container.env.map(recordOf) : [];
    const options = String(environment.find(({ name }) => name === 'NODE_OPTIONS')?.value);
    const [, heap] = /--max-old-space-size=(\d+)/.exec(options) ?? [];
    assert.ok(Number(heap) <= limit * 0.75, `${heap} of ${limit} MiB`);
    assert.match(options, /--max-semi-space-size=2$/);
    assert.ok(at(container, 'resources', 'requests', 'cpu') && at(container, 'resources', 'requests', 'memory'));
  });

  test('selects its own pods alone with every selector that it makes', () => {
    const labels = recordOf(at(one(objects, 'Deployment'), 'spec', 'template', 'metadata', 'labels'));
    const selectors = [
      at(one(objects, 'Deployment'), 'spec', 'selector', 'matchLabels'),
      at(one(objects, 'Service', 'lattice-webhook'), 'spec', 'selector'),
      at(one(objects, 'Service', 'lattice-metrics'), 'spec', 'selector'),
      at(one(objects, 'PodDisruptionBudget'), 'spec', 'selector', 'matchLabels'),
      at(one(objects, 'NetworkPolicy'), 'spec', 'podSelector', 'matchLabels'),
    ];
    for (const selector of selectors) {
      const wanted = Object.entries(recordOf(selector));
      assert.ok(wanted.length >= 2);
      for (const [key, value] of wanted) assert.equal(labels[key], value);
    }
  });

  test('takes every flag of lattice operator from a value', { skip: lacksHelm }, async () => {
    const { stdout } = await lattice(['operator', '--help']);
    const flags = new Set([...stdout.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag = '']) => flag));
    const set = objectsIn(
      template({
        mesh: 'ambient',
        egressWaypoint: 'istio-egress/waypoint',
        config: { dns: {} },
        controllers: ['service', 'peering'],
      }),
    );
    const deployment = at(one(set, 'Deployment'), 'spec', 'template', 'spec', 'containers');
    const given = argumentsOf(Array.isArray(deployment) ? recordOf(deployment[0]) : undefined).map(
      (argument) => argument.split('=')[0],
    );
    // In a pod the account says where the cluster is; the namespace of the Lease comes from the environment.
    for (const flag of ['--help', '--kubeconfig', '--context', '--lease-namespace']) flags.delete(flag);
    assert.ok(flags.size > 12);
    assert.deepEqual(
      [...flags].filter((flag) => !given.includes(flag)),
      [],
    );
  });

  test('is restarted when its configuration changes', { skip: lacksHelm }, () => {
    const sum = (config: object): unknown =>
      at(one(objectsIn(template({ config })), 'Deployment'), 'spec', 'template', 'metadata', 'annotations');
    assert.notDeepEqual(sum({ probes: { cidrs: ['10.0.0.0/8'] } }), sum({ probes: { cidrs: ['10.1.0.0/16'] } }));
  });

  test('may do nothing to engines that it does not run, and nothing with every name or verb', {
    skip: lacksHelm,
  }, () => {
    const groups = (engines: readonly string[]): unknown =>
      at(one(objectsIn(template({ engines })), 'ClusterRole'), 'rules');
    assert.doesNotMatch(JSON.stringify(groups(['kubernetes'])), /cilium|istio/);
    const cilium = JSON.stringify(groups(['cilium']));
    assert.doesNotMatch(cilium, /istio/);
    // Cilium enforces them, too: what others write there is read, and nothing is written.
    const read = '{"apiGroups":["networking.k8s.io"],"resources":["networkpolicies"],"verbs":["list","watch"]}';
    assert.ok(cilium.includes(read));
    assert.doesNotMatch(cilium.replace(read, ''), /networking\.k8s\.io"\],"resources":\["networkpolicies/);
    assert.doesNotMatch(JSON.stringify(groups(['cilium', 'istio'])), /\*/);
  });
});

suite('the node agent of the chart', () => {
  const render = (canary: object) => objectsIn(template({ fabricAgent: { enabled: true, canary } }));
  const podOf = (objects: ReturnType<typeof render>, name: string) => {
    const pod = recordOf(at(one(objects, 'DaemonSet', name), 'spec', 'template', 'spec'));
    const [container] = Array.isArray(pod.containers) ? pod.containers.map(recordOf) : [];
    return { pod, container };
  };

  test('is on the host with one capability, and its canary pods are restricted and hold no token', {
    skip: lacksHelm,
  }, () => {
    const objects = render({});
    const agent = podOf(objects, 'lattice-fabric-agent');
    assert.deepEqual(at(agent.container, 'securityContext', 'capabilities'), { drop: ['ALL'], add: ['NET_ADMIN'] });
    for (const each of ['a', 'b']) {
      const { pod, container } = podOf(objects, `lattice-fabric-canary-${each}`);
      assert.equal(pod.automountServiceAccountToken, false);
      assert.equal(at(pod, 'securityContext', 'runAsNonRoot'), true);
      assert.deepEqual(container?.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'serviceAccountName', 'volumes'])
        assert.equal(pod[field], undefined, field);
    }
  });

  test('and its canary pods speak on the same port, and neither is there when it is turned off', {
    skip: lacksHelm,
  }, () => {
    const objects = render({ port: 12_345 });
    for (const name of ['agent', 'canary-a', 'canary-b']) {
      const given = argumentsOf(podOf(objects, `lattice-fabric-${name}`).container);
      assert.ok(given.includes(name === 'agent' ? '--canary-port=12345' : '--port=12345'), given.join(' '));
    }
    const policy = one(objects, 'NetworkPolicy', 'lattice-fabric-canary');
    assert.equal(JSON.stringify(at(policy, 'spec')).match(/12345/g)?.length, 3);
    const without = render({ enabled: false });
    assert.deepEqual(
      without.filter(({ metadata }) => metadata.name.includes('canary')),
      [],
    );
    const given = argumentsOf(podOf(without, 'lattice-fabric-agent').container);
    assert.deepEqual(
      given.filter((argument) => argument.includes('canary')),
      [],
    );
  });
});

suite('the webhook of the chart cannot keep a cluster from recovering', () => {
  const configuration = one(installed(), 'ValidatingWebhookConfiguration');
  const webhooks = Array.isArray(configuration.webhooks) ? configuration.webhooks.map(recordOf) : [];

  test('it is asked about declarations alone, neither about their deletion nor about their status', () => {
    assert.equal(webhooks.length, 1);
    assert.deepEqual(webhooks[0]?.rules, [
      {
        apiGroups: ['lattice.dev'],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['latticeservices', 'latticeexternalservices', 'latticeresourceclasses'],
        scope: '*',
      },
    ]);
  });

  test('it is waited for shortly, and ignored when nobody answers', () => {
    assert.equal(webhooks[0]?.failurePolicy, 'Ignore');
    assert.ok(Number(webhooks[0]?.timeoutSeconds) <= 5);
    assert.equal(webhooks[0]?.namespaceSelector, undefined);
  });
});

const argumentsOf = (container: Readonly<Record<string, unknown>> | undefined): readonly string[] =>
  Array.isArray(container?.args) ? container.args.map(String) : [];
