import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Finding } from '../../api/index.ts';
import { KubeError } from '../../kube/index.ts';
import { ALONE } from '../foreign/index.ts';
import { decideServiceStatus, type ServiceFacts } from './decide-status.ts';
import type { Settled } from './settle-unit.ts';

const SETTLED: Settled = { writes: 0, failed: [], refused: [], missing: [], waits: false };
const FINE: ServiceFacts = {
  issues: [],
  findings: [],
  compiled: [],
  mode: 'enforce',
  managed: false,
  closed: [],
  settled: SETTLED,
  missing: [],
  rejections: [],
  weak: [],
  foreign: ALONE,
  before: undefined,
};

const half: Finding = {
  code: 'HalfAgreement',
  severity: 'warning',
  message: 'calls shop/cart, which does not accept it',
  fix: 'in LatticeService shop/cart, write "x"',
};
const refused: Finding = { code: 'SharedIdentity', severity: 'error', message: 'cannot be told apart' };
const wide: Finding = {
  code: 'ForeignPolicyWidens',
  severity: 'warning',
  message: 'lets through what nobody agreed',
  object: { kind: 'NetworkPolicy', namespace: 'shop', name: 'open' },
  path: ['spec', 'ingress', 0],
  fix: 'delete it',
};
const error = new KubeError('forbidden', 'no right');
const condition = {
  type: 'Valid',
  status: 'False',
  reason: 'Invalid',
  message: 'not so',
  lastTransitionTime: '',
  observedGeneration: 0,
} as const;

/** Phase, and each condition as `status reason`. */
function said(facts: Partial<ServiceFacts>): Readonly<Record<string, string>> {
  const { phase, verdicts } = decideServiceStatus({ ...FINE, ...facts });
  return { phase, ...Object.fromEntries(verdicts.map(({ type, status, reason }) => [type, `${status} ${reason}`])) };
}

suite('what is said of a service', () => {
  const cases: readonly (readonly [
    title: string,
    facts: Partial<ServiceFacts>,
    expected: Readonly<Record<string, string>>,
  ])[] = [
    [
      'all is well',
      {},
      { phase: 'Ready', Ready: 'True Enforced', Enforced: 'True Applied', DefaultDeny: 'True Applied' },
    ],
    [
      'a half is missing',
      { findings: [half] },
      { phase: 'Ready', Ready: 'True HalfAgreement', Agreed: 'False HalfAgreement' },
    ],
    [
      'an edge is refused',
      { findings: [refused] },
      { phase: 'Degraded', Ready: 'False SharedIdentity', Compiled: 'False SharedIdentity', Enforced: 'True Applied' },
    ],
    [
      'it is held as a whole',
      { findings: [refused], settled: undefined },
      { Ready: 'False SharedIdentity', Enforced: 'False SharedIdentity' },
    ],
    [
      'it cannot be read',
      { issues: [{ path: ['spec'], message: 'bad' }] },
      { phase: 'Failed', Compiled: 'False Invalid' },
    ],
    ['it is a shadow', { mode: 'shadow' }, { phase: 'Ready', Ready: 'True Shadow', DefaultDeny: 'False Shadow' }],
    ['it is a shadow in a managed namespace', { mode: 'shadow', managed: true }, { DefaultDeny: 'False Partial' }],
    [
      'it is a shadow that shares its waypoint',
      { mode: 'shadow', findings: [{ code: 'ShadowBehindWaypoint', severity: 'warning', message: 'shared' }] },
      { phase: 'Ready', Ready: 'True Shadow', DefaultDeny: 'False ShadowBehindWaypoint' },
    ],
    ['nothing was tried', { settled: undefined }, { phase: 'Pending', Enforced: 'Unknown Pending' }],
    [
      'an engine is not installed',
      { missing: [{ engine: 'cilium', kind: 'CiliumNetworkPolicy' }] },
      { phase: 'Degraded', Ready: 'False EngineMissing', DefaultDeny: 'False EngineMissing' },
    ],
    [
      'somebody else has the name',
      { settled: { ...SETTLED, refused: [{ id: 'x', reason: 'ForeignObject' }] } },
      { phase: 'Failed', Enforced: 'False ForeignObject' },
    ],
    [
      'a write fails',
      { settled: { ...SETTLED, failed: [{ id: 'x', error }] } },
      { phase: 'Failed', Enforced: 'False WriteFailed' },
    ],
    ['an engine rejects it', { rejections: [{ id: 'x', condition }] }, { Enforced: 'False RejectedByEngine' }],
    [
      'the engine is switched off',
      { weak: [{ reason: 'PolicyEnforcementOff', message: '' }] },
      { phase: 'Degraded', Enforced: 'False PolicyEnforcementOff' },
    ],
    [
      "somebody else's policy lets through what nobody agreed",
      { foreign: { kind: 'judged', policies: 1, findings: [wide] } },
      {
        phase: 'Degraded',
        Ready: 'False ForeignPolicyWidens',
        Enforced: 'True Applied',
        Exclusive: 'False ForeignPolicyWidens',
      },
    ],
    [
      "somebody else's policy cannot be judged",
      { foreign: { kind: 'judged', policies: 1, findings: [{ ...wide, code: 'ForeignPolicyUndecided' }] } },
      { phase: 'Degraded', Exclusive: 'Unknown ForeignPolicyUndecided' },
    ],
    [
      "somebody else's policy changes nothing",
      { foreign: { kind: 'judged', policies: 1, findings: [] } },
      { phase: 'Ready', Ready: 'True Enforced', Exclusive: 'True ForeignPolicyHarmless' },
    ],
    [
      "somebody else's policies are still to be judged",
      { foreign: { kind: 'pending' } },
      { phase: 'Pending', Ready: 'Unknown Pending', Exclusive: 'Unknown Pending' },
    ],
    [
      'what was said of them stands while they are judged again',
      { foreign: { kind: 'pending' }, before: { ...condition, type: 'Exclusive', reason: 'ForeignPolicyBlocks' } },
      { phase: 'Degraded', Exclusive: 'False ForeignPolicyBlocks' },
    ],
    [
      'there are too many of them',
      { foreign: { kind: 'tooMany', policies: 65 } },
      { phase: 'Degraded', Exclusive: 'Unknown TooManyPolicies' },
    ],
    [
      'they may not be read',
      { foreign: { kind: 'unreadable', what: 'NetworkPolicy' } },
      { phase: 'Degraded', Exclusive: 'Unknown PoliciesUnreadable' },
    ],
    [
      'nothing is written to another cluster',
      { closed: [{ reason: 'ClusterNameDiffers', message: '' }] },
      { Ready: 'False ClusterNameDiffers', Enforced: 'False ClusterNameDiffers' },
    ],
  ];
  for (const [title, facts, expected] of cases) {
    test(title, () => {
      const actual = said(facts);
      for (const [name, value] of Object.entries(expected)) assert.equal(actual[name], value, name);
    });
  }
  test('the policies of others are named, those that open first, and no more than three', () => {
    const findings = ['ForeignPolicyBlocks', 'ForeignPolicyWidens', 'ForeignPolicyBlocks', 'ForeignPolicyBlocks'].map(
      (code) => ({ ...wide, code }),
    );
    const { verdicts } = decideServiceStatus({ ...FINE, foreign: { kind: 'judged', policies: 4, findings } });
    const [exclusive] = verdicts.filter(({ type }) => type === 'Exclusive');
    assert.equal(exclusive?.reason, 'ForeignPolicyWidens');
    const one = 'NetworkPolicy shop/open spec.ingress[0] lets through what nobody agreed (delete it)';
    assert.equal(exclusive?.message, `${one}; ${one}; ${one}; and 1 more`);
  });
  test('the missing half, and the line to write, are in the message', () => {
    const { verdicts } = decideServiceStatus({ ...FINE, findings: [half] });
    const agreed = verdicts.find(({ type }) => type === 'Agreed');
    assert.match(
      agreed?.message ?? '',
      /calls shop\/cart, which does not accept it \(in LatticeService shop\/cart, write/,
    );
  });
});
