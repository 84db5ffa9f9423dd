// What the compiler writes, judged by the definitions of the engines' own authors.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { before, suite, test } from 'node:test';
import { findKind, type DiscoveredKind, KubeError, type KubeObject, untyped } from '../../../src/kube/index.ts';
import { lattice } from '../../cli/testing.ts';
import { type Context, forever } from './context.ts';
import { engineDefinitions, install, lacksEngines, objectsIn } from './definitions.ts';

const root = join(import.meta.dirname, '../../..');
const examples = globSync('examples/*/services.yaml', { cwd: root })
  .map((file) => join(root, dirname(file)))
  .sort();
const ENGINES = ['cilium', 'istio', 'kubernetes', 'cilium,istio'] as const;

export function compiledSuite(contextOf: () => Context): void {
  suite("the engines' own definitions accept what is compiled", { skip: lacksEngines }, () => {
    let kinds: readonly DiscoveredKind[] = [];
    before(async () => {
      await install(contextOf(), engineDefinitions());
      kinds = await contextOf().kinds();
    });

    test('there are examples', () => {
      assert.ok(examples.length >= 10);
    });
    for (const example of examples) {
      test(`${basename(example)}: every object, for every engine, whole`, async () => {
        const objects = await compiledFrom(example);
        assert.ok(objects.length > 0);
        for (const object of objects) await accepts(contextOf(), kinds, object);
      });
    }
    test('a field that no engine knows is refused', async () => {
      const object = (await compiledFrom(join(root, 'examples/bookinfo'))).find(({ kind }) => kind.endsWith('Policy'));
      assert.ok(object);
      const wrong: KubeObject & { spec: object } = { ...object, spec: { ...specOf(object), madeUp: true } };
      await assert.rejects(accepts(contextOf(), kinds, wrong), /madeUp/);
    });
  });
}

/** The different objects of an example: with each engine, and as its page says. */
async function compiledFrom(example: string): Promise<readonly KubeObject[]> {
  const found = new Map<string, KubeObject>();
  for (const argv of [...ENGINES.map((engine) => ['compile', example, '--engine', engine]), ...pageOf(example)]) {
    const { code, stdout, stderr } = await lattice(argv);
    assert.notEqual(code, 2, `${argv.join(' ')}\n${stderr}`);
    for (const object of objectsIn(stdout)) found.set(JSON.stringify(object), object);
  }
  return [...found.values()];
}

function pageOf(example: string): readonly (readonly string[])[] {
  return readFileSync(join(example, 'README.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('lattice compile ') && !line.includes('patched.yaml'))
    .map((line) => line.split(' ').slice(1))
    .map((words) => words.map((word) => (word.startsWith('examples/') ? join(root, word) : word)));
}

async function accepts(context: Context, kinds: readonly DiscoveredKind[], object: KubeObject): Promise<void> {
  const title = `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
  const kind = findKind(kinds, object.apiVersion, object.kind);
  assert.ok(kind, `${object.apiVersion} ${object.kind} is not served`);
  const { namespace } = object.metadata;
  if (namespace !== undefined) await context.namespace(namespace);
  // A cluster that someone uses must not be governed by examples.
  const dryRun = context.cluster.power === undefined;
  const call = { signal: forever(), dryRun, force: true };
  const stored = await context.client.apply(untyped(kind), object, call).catch((error: unknown) => {
    throw error instanceof KubeError ? new Error(`${title}: ${error.message}`, { cause: error }) : error;
  });
  assert.deepEqual(missingFrom(stored, object, ''), [], title);
}

/** The paths of what was sent and is not stored as it was sent. A server may add defaults, never take away. */
function missingFrom(stored: unknown, sent: unknown, path: string): readonly string[] {
  if (typeof sent !== 'object' || sent === null) return Object.is(stored, sent) ? [] : [path];
  if (typeof stored !== 'object' || stored === null) return [path];
  if (Array.isArray(sent) && (!Array.isArray(stored) || stored.length !== sent.length)) return [path];
  return Object.entries(sent).flatMap(([name, value]) =>
    missingFrom(Reflect.get(stored, name), value, `${path}.${name}`),
  );
}

const specOf = (object: KubeObject): object => {
  const spec: unknown = Reflect.get(object, 'spec');
  return typeof spec === 'object' && spec !== null ? spec : {};
};
