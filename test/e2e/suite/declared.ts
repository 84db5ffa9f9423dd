// What people write, judged by Lattice's own definitions in the API server.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { parseObject } from '../../../src/api/index.ts';
import { findKind, type DiscoveredKind, KubeError, type KubeObject, untyped } from '../../../src/kube/index.ts';
import { blocksOf } from '../../docs/page.ts';
import { type Context, forever } from './context.ts';
import { install, latticeDefinitions, objectsIn, seeds } from './definitions.ts';

const root = join(import.meta.dirname, '../../..');
const NAME = 'lattice-e2e-declared';
const KINDS = ['LatticeService', 'LatticeExternalService'];

export function declaredSuite(contextOf: () => Context): void {
  suite('the API server takes declarations', () => {
    let kinds: readonly DiscoveredKind[] = [];
    before(async () => {
      await install(contextOf(), await latticeDefinitions());
      await contextOf().namespace(NAME);
      kinds = await contextOf().kinds();
    });
    const apply = async (object: KubeObject): Promise<KubeObject> => {
      const kind = findKind(kinds, object.apiVersion, object.kind);
      assert.ok(kind, `${object.apiVersion} ${object.kind} is not served`);
      const placed = { ...object, metadata: { ...object.metadata, namespace: NAME } };
      return contextOf().client.apply(untyped(kind), placed, { signal: forever(), force: true, dryRun: true });
    };
    const stores = async (object: KubeObject, where: string): Promise<void> => {
      const stored = await apply(object).catch((error: unknown) => {
        throw error instanceof KubeError ? new Error(`${where}: ${error.message}`, { cause: error }) : error;
      });
      assert.deepEqual(Reflect.get(stored, 'spec'), Reflect.get(object, 'spec'), where);
    };

    test('every one of the examples, without loss', async () => {
      let found = 0;
      for (const file of globSync('examples/**/*.yaml', { cwd: root }).sort()) {
        for (const object of objectsIn(readFileSync(join(root, file), 'utf8'))) {
          if (!KINDS.includes(object.kind)) continue;
          found++;
          await stores(object, `${file}: ${object.metadata.name}`);
        }
      }
      assert.ok(found >= 40, `${found} declarations`);
    });

    const skip = existsSync(seeds) ? false : `no documents in ${seeds}: the folder beside LATTICE_DATA`;
    test('every one of the founding documents, as printed', { skip }, async () => {
      let found = 0;
      for (const file of globSync('*.md', { cwd: seeds }).sort()) {
        for (const { language, text, line } of blocksOf(readFileSync(join(seeds, file), 'utf8'))) {
          if (language !== 'yaml' || !/^kind: Lattice(External)?Service$/m.test(text)) continue;
          for (const object of objectsIn(text)) {
            found++;
            await stores(object, `${file}:${line}`);
          }
        }
      }
      assert.ok(found >= 3, `${found} declarations`);
    });

    for (const [field, fields, emptied] of EMPTIED) {
      test(`${field} of which an edit takes all fields out`, async () => {
        const kind = findKind(kinds, 'lattice.dev/v1alpha1', 'LatticeService');
        assert.ok(kind);
        const name = `emptied-${field.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
        const of = (spec: object) => ({
          apiVersion: 'lattice.dev/v1alpha1',
          kind: 'LatticeService',
          metadata: { name, namespace: NAME },
          spec: { ...SELECTED, ...spec },
        });
        const call = { signal: forever(), force: true };
        await contextOf().client.apply(untyped(kind), of(fields), call);
        const stored = await contextOf().client.apply(untyped(kind), of(emptied), call);
        const read = parseObject({ ...stored, metadata: of({}).metadata });
        assert.deepEqual(read, parseObject(of(emptied)));
        assert.equal(read.ok, true);
        await contextOf().client.delete(untyped(kind), { namespace: NAME, name }, { signal: forever() });
      });
    }

    for (const [title, kind, spec, expected] of INVALID) {
      test(`not ${title}`, async () => {
        const object = { apiVersion: 'lattice.dev/v1alpha1', kind, metadata: { name: 'a' }, spec };
        await assert.rejects(apply(object), (error) => error instanceof KubeError && expected.test(error.message));
      });
    }
  });
}

const SELECTED = { selector: { matchLabels: { app: 'a' } } };
/** Server-side apply makes null of a map that it takes the last field out of. */
const EMPTIED: readonly (readonly [field: string, fields: object, emptied: object])[] = [
  ['an entry of resources', { resources: { b: { direction: 'outbound' } } }, { resources: { b: {} } }],
  ['resources', { resources: { b: {} } }, { resources: {} }],
  ['replicas', { replicas: { min: 1 } }, { replicas: {} }],
  ['deploy', { deploy: { strategy: 'rolling' } }, { deploy: {} }],
];
const INVALID: readonly (readonly [title: string, kind: string, spec: object, expected: RegExp])[] = [
  ['a service of no pods', 'LatticeService', {}, /selector|containers/],
  ['an empty selector, which would mean every pod', 'LatticeService', { selector: { matchLabels: {} } }, /matchLabels/],
  [
    'a port that cannot be',
    'LatticeService',
    { ...SELECTED, service: { ports: { a: { port: 0 } } } },
    /ports\.a\.port|ports\[a\]\.port/,
  ],
  [
    'fewer replicas at most than at least',
    'LatticeService',
    { ...SELECTED, replicas: { min: 2, max: 1 } },
    /replicas|min|max/,
  ],
  [
    'a direction that is none',
    'LatticeService',
    { ...SELECTED, resources: { b: { direction: 'sideways' } } },
    /direction/,
  ],
  ['an outside without endpoints and sources', 'LatticeExternalService', {}, /endpoints|sources/],
  [
    'the whole world, unless it says so',
    'LatticeExternalService',
    { endpoints: { a: 'tcp://0.0.0.0/0:443' } },
    /world|endpoints/,
  ],
];
