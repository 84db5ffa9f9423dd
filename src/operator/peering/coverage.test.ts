import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FabricBypass, PATH_CLASSES, type PathClass, type PeeringRule } from '../../api/index.ts';
import { coverageOf, type NodeReport } from './coverage.ts';
import { verdictsOf } from './decide-status.ts';

test('a way that packets take around the rules is told with who has seen it and the rules that it leaves unenforced', () => {
  const now = Date.parse('2026-01-01T00:01:00Z');
  const report = (more: Partial<NodeReport>): NodeReport => ({
    reportedAt: '2026-01-01T00:00:50Z',
    reportSeconds: 10,
    programs: [{ name: 'rome', generation: 3 }],
    bypassed: [],
    ...more,
  });
  const remote = { action: 'deny', source: { group: 'remote-cluster' } } as const;
  const shop = { action: 'deny', destination: { namespace: 'shop' } } as const;
  const around = (way: PathClass, judgedBy: FabricBypass['judgedBy']): NodeReport =>
    report({ bypassed: [{ class: way, reason: 'SeenBypassed', message: 'it arrived', judgedBy }] });
  const ask = (rules: readonly PeeringRule[], ...reports: readonly NodeReport[]) => {
    const nodes = reports.map((_, index) => ({ name: `n${index}`, counts: true }));
    const coverage = coverageOf('rome', 3, rules, nodes, (node) => reports[Number(node.slice(1))], now);
    const { verdicts } = verdictsOf({ kind: 'nft', coverage }, undefined);
    return verdicts.map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`);
  };
  assert.deepEqual(
    ask([remote, shop, shop], around('SameNode', ['Canary']), around('CrossNode', ['Configuration', 'Canary'])),
    [
      'Ready False Unenforced: loaded on every node, but packets go around it; unenforced: CrossNode: every rule; SameNode: rules 1, 2. n0: SameNode (SeenBypassed, by canary): it arrived; n1: CrossNode (SeenBypassed, by configuration and canary): it arrived',
      'PathsEnforced False Unenforced: unenforced: CrossNode: every rule; SameNode: rules 1, 2. n0: SameNode (SeenBypassed, by canary): it arrived; n1: CrossNode (SeenBypassed, by configuration and canary): it arrived',
    ],
  );
  // No packet that a rule is about takes that way.
  assert.deepEqual(ask([remote], around('SameNode', ['Canary'])), [
    'Ready True FabricSynced: enforced on 1 of 1 nodes',
    'PathsEnforced True AllPaths: packets take no way around the rules',
  ]);
  const paths = PATH_CLASSES.map((each) => ({ class: each, configuration: 'Passes', canary: 'Passed' }) as const);
  assert.equal(
    ask([shop], report({ paths }), report({ paths: paths.slice(1) }))[1],
    'PathsEnforced True AllPaths: packets take no way around the rules: seen by canary on 1 of 2 nodes',
  );
  const many = Array.from({ length: 23 }, () => shop);
  assert.match(
    ask([remote, ...many], around('SameNode', undefined))[1] ?? '',
    /SameNode: rules 1, 2, .*, 20 and 3 more\. n0/,
  );
});
