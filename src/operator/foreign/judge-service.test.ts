import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { exemptionsOf, type Input, ServiceGraph } from '../../graph/index.ts';
import { compileUnit, enginesFor } from '../../policy/index.ts';
import { attachmentOf } from '../../verify/index.ts';
import { judgeService } from './judge-service.ts';

const OPTIONS = {
  engines: ['cilium'],
  clusterName: 'default',
  trustDomain: 'cluster.local',
  mesh: 'none',
  exemptions: exemptionsOf(),
} as const;
const cart: Input = {
  apiVersion: 'lattice.dev/v1alpha1',
  kind: 'LatticeService',
  metadata: { namespace: 'shop', name: 'cart' },
  spec: { selector: { matchLabels: { app: 'cart' } } },
};
const graph = ServiceGraph.of([cart], { mesh: 'none', exemptions: OPTIONS.exemptions });
const engines = enginesFor(OPTIONS);
const bench = {
  claim: { ...OPTIONS, graph },
  compile: (unit: Parameters<typeof compileUnit>[1]) => compileUnit(graph, unit, engines, OPTIONS),
};
const policy = (name: string, spec: object) => {
  const object = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name },
    spec: { podSelector: {}, ...spec },
  };
  return { id: name, namespace: 'shop', object, attachment: attachmentOf(object, OPTIONS) };
};

suite('the policies of others at one service', () => {
  test('are harmless when they open nothing', () => {
    const opinion = judgeService('shop/cart', [policy('deny', { policyTypes: ['Ingress'] })], bench);
    assert.deepEqual(opinion, { kind: 'judged', policies: 1, findings: [] });
  });

  test('are named when they open something', () => {
    const opinion = judgeService('shop/cart', [policy('deny', {}), policy('open', { ingress: [{}] })], bench);
    assert.ok(opinion.kind === 'judged');
    assert.deepEqual(
      opinion.findings.map(({ code, object }) => `${code} ${object?.name}`),
      ['ForeignPolicyWidens open'],
    );
  });

  test('are not judged when there are more than 64, and that is said', () => {
    const policies = (count: number) => Array.from({ length: count }, (_, at) => policy(`p${at}`, {}));
    assert.deepEqual(judgeService('shop/cart', policies(65), bench), { kind: 'tooMany', policies: 65 });
    assert.equal(judgeService('shop/cart', policies(64), bench).kind, 'judged');
  });

  test('mean nothing once the service is gone', () => {
    assert.deepEqual(judgeService('shop/gone', [policy('open', { ingress: [{}] })], bench), {
      kind: 'judged',
      policies: 1,
      findings: [],
    });
  });
});
