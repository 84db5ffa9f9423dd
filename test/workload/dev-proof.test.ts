import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readDevInput } from '../../src/cli/dev/input.ts';
import { proveStored } from '../../src/cli/dev/prove-stored.ts';
import { openScene, until } from './scene.ts';

test('what "lattice dev" proves of the stored objects knows what resource classes made', async (t) => {
  const example = join(import.meta.dirname, '../../examples/payments');
  const said: string[] = [];
  const terminal = {
    stdin: async () => Promise.resolve(Buffer.from('')),
    stdout: (text: string) => void said.push(text),
    stderr: (text: string) => void said.push(text),
    colour: { stdout: false, stderr: false },
    interactive: false,
  };
  const input = await readDevInput([example], terminal);
  assert.ok(input, said.join(''));
  const scene = await openScene(t);
  for (const name of ['services', 'classes-laptop'])
    await scene.apply(readFileSync(join(example, `${name}.yaml`), 'utf8'));
  const flags = {
    engine: ['kubernetes'],
    mesh: 'none',
    trustDomain: 'cluster.local',
    clusterName: 'default',
  } as const;
  await until('every agreement is proved', async () => {
    const { proof } = await proveStored(scene.plane, input, flags);
    return proof.counterexamples.length === 0 && proof.asked > 1000;
  });
});
