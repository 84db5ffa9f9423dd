// The definitions of Cluster API, Cilium, Istio, Liqo and others, as they are published.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import { startControlPlane } from '../../src/controlplane/index.ts';
import { recordOf, talkTo, text } from './talk.ts';

const DATA = process.env.LATTICE_DATA ?? join(import.meta.dirname, '../../../shared/data');
const folder = join(DATA, 'crds');
const options = existsSync(folder) ? {} : { skip: `no ${folder}: set LATTICE_DATA` };

test('every published definition is accepted and served, rules included', options, async (t) => {
  const plane = await startControlPlane();
  t.after(plane.close);
  const talk = talkTo(plane);
  const definitions = globSync('**/*.{yaml,yml,json}', { cwd: folder })
    .flatMap((file) => loadAll(readFileSync(join(folder, file), 'utf8')))
    .map(recordOf)
    .filter((document) => document.kind === 'CustomResourceDefinition');
  assert.ok(definitions.length > 50);
  for (const definition of definitions) {
    const name = text(recordOf(definition.metadata).name);
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}?fieldManager=test&force=true&fieldValidation=Strict`;
    await talk.must('PATCH', path, definition, 'application/apply-patch+yaml');
  }
  await plane.settled();
  for (const definition of definitions) {
    const spec = recordOf(definition.spec);
    for (const version of Array.isArray(spec.versions) ? spec.versions.map(recordOf) : []) {
      if (version.served !== true) continue;
      const plural = text(recordOf(spec.names).plural);
      await talk.must('GET', `/apis/${text(spec.group)}/${text(version.name)}/${plural}`);
      await talk.must('GET', `/openapi/v3/apis/${text(spec.group)}/${text(version.name)}`);
    }
  }
});
