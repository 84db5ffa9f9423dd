import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import type { FirewallProgram } from '../../../src/api/index.ts';
import type { Lab } from '../lab.ts';
import { contradictions, peeringOf, programFor } from '../meaning.ts';

export const PARTIES = [
  { group: 'local-cluster' },
  { group: 'remote-cluster' },
  { group: 'offloaded' },
  { group: 'vc-local' },
  { group: 'vc-remote' },
  { group: 'private-subnets' },
  { namespace: 'demo-rome' },
] as const;

export const EXAMPLES = [
  'quick-start',
  'consumer',
  'provider',
  'private-subnets',
  'namespaces',
  'several-peerings',
] as const;

/** Real sockets in every direction, against what the peering says. */
export function verdictTests(lab: () => Lab): void {
  for (const party of PARTIES) {
    const name = 'group' in party ? party.group : `a namespace`;
    test(`${name}: denied in both directions, and nobody else is`, async () => {
      const program = programFor(
        peeringOf([
          { source: party, action: 'deny' },
          { destination: party, action: 'deny' },
        ]),
      );
      await lab().cluster.load('rome', program);
      const { wrong, open, closed } = await contradictions(lab().actors, lab().network, [program]);
      assert.deepEqual(wrong, []);
      assert.ok(open > 0 && closed > 0, `${open} open, ${closed} closed`);
    });

    test(`${name}: allowed in both directions, and nobody else is`, async () => {
      const program = programFor(
        peeringOf([{ source: party, action: 'allow' }, { destination: party, action: 'allow' }, { action: 'deny' }]),
      );
      await lab().cluster.load('rome', program);
      const { wrong, open, closed } = await contradictions(lab().actors, lab().network, [program]);
      assert.deepEqual(wrong, []);
      assert.ok(open > 0 && closed > 0, `${open} open, ${closed} closed`);
    });
  }

  for (const example of EXAMPLES) {
    test(`the example ${example} is enforced as it reads, with all of its peerings at once`, async () => {
      const { cluster, actors, network } = lab();
      await cluster.unload('rome');
      const programs = programsOf(example);
      for (const [index, program] of programs.entries()) await cluster.load(`example-${index}`, program);
      const { wrong, open, closed } = await contradictions(actors, network, programs);
      assert.deepEqual(wrong, []);
      assert.ok(open > 0 && closed > 0, `${open} open, ${closed} closed`);
      for (const index of programs.keys()) await cluster.unload(`example-${index}`);
    });
  }

  test('ports and protocols narrow a rule, and a translated Service is judged by the pod that answers', async () => {
    const { cluster, actors } = lab();
    const ports = [{ port: 8080 }];
    await cluster.load('rome', {
      peering: 'liqo-tenant-rome/rome',
      generation: 0,
      disarmed: false,
      sets: [],
      rules: [{ name: 'd', destination: { cidrs: ['10.200.2.2'] }, protocol: 'TCP', ports, action: 'deny' }],
    });
    assert.equal(await actors.call({ from: 'p1', to: 'p3', port: 8080, patience: 350 }), false);
    assert.equal(await actors.call({ from: 'p1', to: '10.96.0.10', port: 80, patience: 350 }), false);
    assert.equal(await actors.call({ from: 'p1', to: 'p3', port: 9090, patience: 8000 }), true);
    assert.equal(await actors.call({ from: 'p1', to: 'p3', port: 8080, protocol: 'udp', patience: 8000 }), true);
  });

  test('what the node itself sends is outside of every program: probes live', async () => {
    const { cluster, actors } = lab();
    await cluster.load('rome', programFor(peeringOf([{ action: 'deny' }])));
    assert.equal(await actors.call({ from: 'n1', to: 'p1', patience: 8000 }), true);
    assert.equal(await actors.call({ from: 'n1', to: 'p1', family: 6, patience: 8000 }), true);
    assert.equal(await actors.call({ from: 'n1', to: 'n1', patience: 8000 }), true);
    assert.equal(await actors.call({ from: 'p2', to: 'p1', patience: 350 }), false);
  });

  test('a disarmed program lets everything pass and leaves no table', async () => {
    const { cluster, actors, network } = lab();
    await cluster.unload('rome');
    const { wrong, closed } = await contradictions(actors, network, []);
    assert.deepEqual([wrong, closed], [[], 0]);
  });
}

/** Of every peering of an example. */
export function programsOf(example: (typeof EXAMPLES)[number]): readonly FirewallProgram[] {
  const path = new URL(`../../../examples/peering/${example}/peering.yaml`, import.meta.url);
  const documents: unknown[] = loadAll(readFileSync(path, 'utf8'));
  return documents.map((document) => programFor(asRecord(document)));
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error('no object');
  return { ...value };
}
