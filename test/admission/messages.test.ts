import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { stringify } from 'yaml';
import { optionsFor } from '../../src/cli/load-graph.ts';
import { judgeWith } from '../../src/operator/admission/index.ts';
import { decideReview, readReview, reviewAnswer } from '../../src/operator/admission/review.ts';
import { lattice } from '../cli/testing.ts';
import { recordOf, text } from '../controlplane/talk.ts';

const { settings, options } = optionsFor(
  {
    engine: ['cilium', 'istio'],
    trustDomain: 'cluster.local',
    clusterName: 'default',
  },
  undefined,
);
const judge = judgeWith({ settings, compile: options });

const declared = (kind: string, spec: unknown, metadata: object = {}): Readonly<Record<string, unknown>> => ({
  apiVersion: 'lattice.dev/v1alpha1',
  kind,
  metadata: { name: 'cart', namespace: 'shop', ...metadata },
  spec,
});
const ADOPTED = { selector: { matchLabels: { app: 'cart' } } };

const REFUSED: readonly (readonly [title: string, object: Readonly<Record<string, unknown>>])[] = [
  ['an unknown field', declared('LatticeService', { ...ADOPTED, resorces: {} })],
  ['several mistakes at once', declared('LatticeService', { selector: { matchLabels: {} }, replicas: { min: 'two' } })],
  ['neither containers nor a selector', declared('LatticeService', {})],
  ['a port beyond the range', declared('LatticeService', { ...ADOPTED, service: { ports: { a: { port: 70000 } } } })],
  ['a direction that is none', declared('LatticeService', { ...ADOPTED, resources: { b: { direction: 'in' } } })],
  ['an enforced service in kube-system', declared('LatticeService', ADOPTED, { namespace: 'kube-system' })],
  ['pods that Cilium would not enforce', declared('LatticeService', { selector: { matchLabels: { host: 'x' } } })],
  [
    'a host inside the cluster',
    declared('LatticeExternalService', { endpoints: { a: 'https://a.shop.svc.cluster.local' } }),
  ],
  ['the whole world', declared('LatticeExternalService', { endpoints: { a: 'tcp://0.0.0.0/0:443' } })],
  ['a URL that is none', declared('LatticeExternalService', { endpoints: { a: 'nowhere' } })],
];

suite('the webhook refuses with the words of the command line', () => {
  for (const [title, object] of REFUSED) {
    test(title, async () => {
      const findings = judge(object, 'shop');
      assert.ok(findings.length > 0, 'it is not refused');
      const { code, stdout, stderr } = await lattice(['lint', '-'], stringify(object));
      assert.notEqual(code, 0);
      const said = `${stdout}${stderr}`;
      const errors = said.split('\n').filter((line) => / error \w+: /.test(line));
      assert.equal(findings.length, errors.length, said);
      for (const { code, message, fix } of findings) {
        assert.ok(
          errors.some((line) => line.includes(`error ${code}: `) && line.endsWith(`: ${message}`)),
          said,
        );
        for (const line of fix?.split('\n') ?? []) assert.ok(said.includes(line), said);
      }
    });
  }

  test('and the answer names every place', () => {
    const request = {
      uid: 'u',
      operation: 'CREATE',
      namespace: 'shop',
      object: declared('LatticeService', { ...ADOPTED, resorces: {}, service: { ports: { a: { port: 0 } } } }),
    };
    const review = readReview({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
    assert.ok(review);
    const answer = recordOf(recordOf(reviewAnswer(review, decideReview(review, judge))).response);
    const status = recordOf(answer.status);
    assert.equal(answer.allowed, false);
    assert.equal(status.code, 422);
    assert.match(
      text(status.message),
      /^spec\.service\.ports\.a\.port: InvalidField: .*; spec\.resorces: UnknownField: .*did you mean "resources"/,
    );
    const fields = recordOf(status.details).causes;
    assert.deepEqual(Array.isArray(fields) ? fields.map((cause) => recordOf(cause).field) : fields, [
      'spec.service.ports.a.port',
      'spec.resorces',
    ]);
  });
});

suite('the webhook lets pass', () => {
  const accepts = (object: unknown, oldObject?: unknown): string => {
    const request = { uid: 'u', operation: oldObject ? 'UPDATE' : 'CREATE', namespace: 'shop', object, oldObject };
    const review = readReview({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
    assert.ok(review);
    return decideReview(review, judge).kind;
  };
  const wrong = declared('LatticeService', {});

  test('a half agreement: the other half may be declared later', () => {
    assert.equal(accepts(declared('LatticeService', { ...ADOPTED, resources: { auth: {} } })), 'allowed');
  });

  test('what was wrong before and does not change, so that its finalizers and labels can', () => {
    const labelled = { ...wrong, metadata: { name: 'cart', namespace: 'shop', labels: { a: 'b' } } };
    assert.equal(accepts(labelled, wrong), 'unchanged');
    assert.equal(accepts({ ...wrong, status: { phase: 'x' } }, wrong), 'unchanged');
    assert.equal(accepts(declared('LatticeService', { service: {} }), wrong), 'refused');
  });

  test('what is being deleted', () => {
    const going = declared('LatticeService', { nothing: 'right' }, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    assert.equal(accepts(going, wrong), 'unchanged');
    assert.equal(accepts(going), 'refused', 'nothing is created that is going');
  });

  test('only reviews: anything else is no question', () => {
    assert.equal(readReview(undefined), undefined);
    assert.equal(
      readReview({ apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview', request: {} }),
      undefined,
    );
    assert.equal(
      readReview({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        request: { uid: 'u', operation: 'DELETE' },
      }),
      undefined,
    );
  });
});
