import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { customResourceDefinitions } from '../../src/api/index.ts';
import { root } from '../docs/page.ts';
import { at } from './scene.ts';

const objects = loadAll(readFileSync(join(root, 'dist/install.yaml'), 'utf8'));
const of = (kind: string): readonly unknown[] => objects.filter((object) => at(object, 'kind') === kind);

test('install.yaml brings the definitions of the engine and of the node agent, and none of the service graph', () => {
  const wanted = customResourceDefinitions()
    .map(({ metadata }) => metadata.name)
    .filter((name) => !name.endsWith('.lattice.dev') || name.endsWith('.fabric.lattice.dev'));
  assert.deepEqual(
    of('CustomResourceDefinition')
      .map((object) => String(at(object, 'metadata', 'name')))
      .sort(),
    wanted.sort(),
  );
});

test('the engine runs the peering controller alone, in liqo-system, under the label that its logs are asked for by', () => {
  const [deployment, ...others] = of('Deployment');
  assert.deepEqual(others, []);
  assert.equal(at(deployment, 'metadata', 'namespace'), 'liqo-system');
  assert.equal(at(deployment, 'spec', 'template', 'metadata', 'labels', 'app'), 'liqo-connectivity-engine');
  const args = at(deployment, 'spec', 'template', 'spec', 'containers', 0, 'args');
  assert.ok(Array.isArray(args) && args.includes('--controllers=peering') && args.includes('--enforcer=auto'));
});

test('it may read no Secret, write nothing of Liqo but FirewallConfigurations, and has no wildcard', () => {
  const rules = of('ClusterRole').flatMap((role): readonly unknown[] => {
    const list = at(role, 'rules');
    return Array.isArray(list) ? list : [];
  });
  const text = JSON.stringify(rules);
  assert.doesNotMatch(text, /"\*"|secrets|latticeservices/);
  const written = rules.filter((rule) => /create|delete/.test(JSON.stringify(at(rule, 'verbs'))));
  assert.deepEqual(written.flatMap((rule) => String(at(rule, 'resources')).split(',')).sort(), [
    'events',
    'fabricmemberslices',
    'fabricprograms',
    'firewallconfigurations',
  ]);
});
