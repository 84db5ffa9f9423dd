// Installs CustomResourceDefinitions and waits until their kinds are served.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadAll } from 'js-yaml';
import { findKind, isKubeObject, type KubeObject, untyped } from '../../../src/kube/index.ts';
import { lattice } from '../../cli/testing.ts';
import { recordOf, text } from '../../controlplane/talk.ts';
import { until } from '../until.ts';
import { type Context, forever } from './context.ts';

const root = join(import.meta.dirname, '../../..');
const data = process.env['LATTICE_DATA'] ?? join(root, '../shared/data');

/** The founding documents, whose examples must stay true. */
export const seeds = join(dirname(data), 'seeds');

/** The definitions of the engines that Lattice writes for, as they are published. */
const ENGINES = ['cilium', 'istio', 'gateway-api', 'network-policy-api'].map((name) => join(data, 'crds', name));

/** Words for a skipped test when there are none. */
export const lacksEngines = ENGINES.every((folder) => existsSync(folder))
  ? false
  : `the engines' definitions are not in ${join(data, 'crds')}: set LATTICE_DATA`;

export async function latticeDefinitions(): Promise<readonly KubeObject[]> {
  const { code, stdout, stderr } = await lattice(['crds']);
  assert.equal(code, 0, stderr);
  return objectsIn(stdout);
}

export function engineDefinitions(): readonly KubeObject[] {
  return ENGINES.flatMap((folder) => globSync('*.yaml', { cwd: folder }).map((file) => join(folder, file)))
    .sort()
    .flatMap((file) => objectsIn(readFileSync(file, 'utf8')))
    .filter(({ kind }) => kind === 'CustomResourceDefinition');
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
