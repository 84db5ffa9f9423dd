// Installs CustomResourceDefinitions and waits until their kinds are served.
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { loadAll } from 'js-yaml';
import { findKind, isKubeObject, type KubeObject, untyped } from '../../../src/kube/index.ts';
import { lattice } from '../../cli/testing.ts';
import { recordOf, text } from '../../controlplane/talk.ts';
import { findDefinitions } from '../engines.ts';
import { until } from '../until.ts';
import { type Context, forever } from './context.ts';

const root = join(import.meta.dirname, '../../..');
const data = process.env['LATTICE_DATA'] ?? join(root, '../shared/data');

/** The founding documents, whose examples must stay true. */
export const seeds = join(dirname(data), 'seeds');

/** Found once: it may take a download. */
const engines = findDefinitions(data, (line) => {
  process.stderr.write(`${line}\n`);
});

/** Words for a skipped test when there are none. */
export const lacksEngines = engines.kind === 'skipped' ? engines.reason : false;

export async function latticeDefinitions(): Promise<readonly KubeObject[]> {
  const { code, stdout, stderr } = await lattice(['crds']);
  assert.equal(code, 0, stderr);
  return objectsIn(stdout);
}

export function engineDefinitions(): readonly KubeObject[] {
  const texts = engines.kind === 'found' ? engines.texts : [];
  return texts.flatMap(objectsIn).filter(({ kind }) => kind === 'CustomResourceDefinition');
}

/** The documents of a YAML text that are Kubernetes objects. */
export function objectsIn(yaml: string): readonly KubeObject[] {
  return loadAll(yaml).filter(isKubeObject);
}

const DEFINITION = untyped({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
});

/** A definition that is there already is left alone: the cluster may be someone's. */
export async function install(context: Context, definitions: readonly KubeObject[]): Promise<void> {
  const call = { signal: forever() };
  for (const definition of definitions) {
    if (await context.client.find(DEFINITION, definition.metadata, call)) continue;
    await context.client.apply(DEFINITION, definition, call);
  }
  const wanted = definitions.map(servedBy);
  await until('every definition is served', async () => {
    const kinds = await context.kinds();
    return wanted.every(([apiVersion, kind]) => findKind(kinds, apiVersion, kind)) ? true : undefined;
  });
}

function servedBy(definition: KubeObject): readonly [apiVersion: string, kind: string] {
  const spec = recordOf(Reflect.get(definition, 'spec'));
  const versions = Array.isArray(spec.versions) ? spec.versions.map(recordOf) : [];
  const version = versions.find(({ served }) => served === true);
  assert.ok(version, definition.metadata.name);
  return [`${text(spec.group)}/${text(version.name)}`, text(recordOf(spec.names).kind)];
}
