// What is rendered, judged by the server's own validation and admission, and run by the workload controller.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import fc from 'fast-check';
import {
  findKind,
  type DiscoveredKind,
  type Kind,
  KubeError,
  type KubeObject,
  untyped,
} from '../../../src/kube/index.ts';
import { lattice } from '../../cli/testing.ts';
import { at } from '../../at.ts';
import type { Place } from '../cluster/cluster.ts';
import { type Context, forever, NAMESPACE } from './context.ts';
import { install, latticeDefinitions, objectsIn } from './definitions.ts';
import { rendersAndRuns } from './rendered-runs.ts';

const folder = join(import.meta.dirname, '../../../examples/payments');
const HOME = 'shop';

export function renderedSuite(contextOf: () => Context, real: boolean, place: Place): void {
  suite('what is rendered', () => {
    let kinds: readonly DiscoveredKind[] = [];
    before(async () => {
      const context = contextOf();
      await install(context, await latticeDefinitions());
      kinds = await context.kinds();
      await context.namespace(HOME);
      const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
      await context.client.mergePatch(NAMESPACE, { name: HOME }, { metadata: { labels } }, { signal: forever() });
    });
    const kindOf = (object: KubeObject): Kind => {
      const found = findKind(kinds, object.apiVersion, object.kind);
      assert.ok(found, `${object.apiVersion} ${object.kind} is not served`);
      return untyped(found);
    };
    const accepts = async (object: KubeObject): Promise<void> => {
      const placed = { ...object, metadata: { ...object.metadata, namespace: HOME } };
      await contextOf()
        .client.apply(kindOf(object), placed, { signal: forever(), dryRun: true, force: true })
        .catch((error: unknown) => {
          throw error instanceof KubeError
            ? new Error(`${object.kind}: ${error.message}\n${JSON.stringify(object)}`)
            : error;
        });
    };

    test('the example is accepted whole, and its pods where the restricted standard is enforced', async () => {
      const { stdout, code } = await lattice(['render', folder]);
      assert.equal(code, 0);
      const objects = objectsIn(stdout);
      for (const object of objects) await accepts(object);
      for (const pod of objects.flatMap(podOf)) await accepts(pod);
      assert.ok(
        objects.some(({ kind }) => kind === 'StatefulSet') && objects.some(({ kind }) => kind === 'Deployment'),
      );
    });

    test('a pod that is not restricted is refused there', {
      skip: real ? false : 'the embedded control plane has no Pod Security admission',
    }, async () => {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'bad' },
        spec: { containers: [{ name: 'a', image: 'i' }] },
      };
      await assert.rejects(accepts(pod), /violates PodSecurity/);
    });

    test('whatever Lattice does not refuse itself, the server accepts', async () => {
      let accepted = 0;
      const refused: string[] = [];
      await fc.assert(
        fc.asyncProperty(declared, async (spec) => {
          const service = {
            apiVersion: 'lattice.dev/v1alpha1',
            kind: 'LatticeService',
            metadata: { name: 'any', namespace: HOME },
            spec,
          };
          const { stdout, stderr, code } = await lattice(['render', '-'], JSON.stringify(service));
          if (code !== 0) return void refused.push(stderr);
          accepted += 1;
          for (const object of objectsIn(stdout)) await accepts(object);
        }),
        { numRuns: 60 },
      );
      assert.ok(accepted > 10, `${accepted} were rendered; refused: ${refused.slice(0, 3).join('')}`);
    });

    rendersAndRuns(contextOf, real, place);
  });
}

function podOf(object: KubeObject): KubeObject[] {
  const template = at(object, 'spec', 'template');
  if (template === undefined) return [];
  const claims = at(object, 'spec', 'volumeClaimTemplates');
  // What a StatefulSet adds to its pods.
  const made = (Array.isArray(claims) ? claims : []).map((claim: unknown) => {
    const name = String(at(claim, 'metadata', 'name'));
    return { name, persistentVolumeClaim: { claimName: name } };
  });
  const inside = at(template, 'spec');
  const volumes: unknown = at(inside, 'volumes');
  const own: readonly unknown[] = Array.isArray(volumes) ? volumes : [];
  const spec = { ...(typeof inside === 'object' ? inside : {}), volumes: [...own, ...made] };
  const pod: KubeObject & { spec: unknown } = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${object.metadata.name}-0` },
    spec,
  };
  return [pod];
}

const word = fc.constantFrom('a', 'app', 'x-1', 'Some Text', '${metadata.name}', '$(A)', '', 'é');
const path = fc.constantFrom('/a', '/etc/app.conf', '/data/x y', '/d/', '/é');
const disk = fc.constantFrom('/disk', '/var/lib/app', '/m n/');
const handler = fc.oneof(
  fc.record({
    httpGet: fc.record({ port: fc.constantFrom<number | string>(80, 'http'), path: word }, { requiredKeys: ['port'] }),
  }),
  fc.record({ tcpSocket: fc.record({ port: fc.constantFrom<number | string>(80, 'http') }) }),
  fc.record({ exec: fc.record({ command: fc.array(word, { minLength: 1, maxLength: 2 }) }) }),
  fc.record({ grpc: fc.record({ port: fc.constant(80), service: word }, { requiredKeys: ['port'] }) }),
);
const timing = fc.record(
  { periodSeconds: fc.nat(20), failureThreshold: fc.nat(3), successThreshold: fc.nat(1) },
  { requiredKeys: [] },
);
const probe = fc.tuple(handler, timing).map(([what, when]) => ({ ...what, ...when }));
const container = fc.record(
  {
    image: fc.constantFrom('i', 'registry/i:1', 'registry/i@sha256:0'),
    command: fc.array(word, { maxLength: 2 }),
    args: fc.array(word, { maxLength: 2 }),
    variables: fc.dictionary(fc.constantFrom('A', 'b.c', '_x', 'D-E'), word),
    files: fc.dictionary(
      path,
      fc.record({ content: word, mode: fc.constantFrom('0644', '600', '0777') }, { requiredKeys: ['content'] }),
    ),
    volumes: fc.dictionary(
      disk,
      fc.record(
        {
          source: fc.constantFrom('${resources.disk}', '${resources.tmp}'),
          path: fc.constantFrom('sub', 'a/b'),
          readOnly: fc.boolean(),
        },
        { requiredKeys: ['source'] },
      ),
    ),
    resources: fc.record(
      {
        requests: fc.record(
          { cpu: fc.constantFrom('100m', '0.5', 1), memory: fc.constantFrom('64Mi', '1M', 1_000_000) },
          { requiredKeys: [] },
        ),
        limits: fc.record(
          { cpu: fc.constantFrom('1', '2.5', 1), memory: fc.constantFrom('64Mi', '1G', '128974848') },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
  },
  { requiredKeys: ['image'] },
);
/** Mostly right, so that the server is asked; what Lattice refuses all the same is not. */
const declared = fc.record(
  {
    containers: fc.dictionary(fc.constantFrom('app', 'side-car', '0'), container, { minKeys: 1 }),
    service: fc.record({
      ports: fc.record(
        {
          http: fc.record({ port: fc.constant(80), targetPort: fc.constantFrom(80, 8080) }, { requiredKeys: ['port'] }),
          'a-very-long-name-of-a-port': fc.record({
            port: fc.constant(81),
            targetPort: fc.constantFrom<number | string>(8080, 'http'),
          }),
          'x--y': fc.record({ port: fc.constant(80), protocol: fc.constant('UDP') }),
          '1': fc.record({ port: fc.constant(65_535), protocol: fc.constantFrom('TCP', 'UDP') }),
        },
        { requiredKeys: ['http'] },
      ),
    }),
    replicas: fc.record({ min: fc.integer({ min: 0, max: 1 }) }),
    resources: fc.record({
      disk: fc.record({
        type: fc.constant('volume'),
        params: fc.record({ identity: fc.boolean(), size: fc.constantFrom('1Gi', '500M') }, { requiredKeys: [] }),
      }),
      tmp: fc.record({ type: fc.constant('volume'), params: fc.constant({ ephemeral: true }) }),
    }),
  },
  { requiredKeys: ['containers', 'resources', 'service'] },
);
