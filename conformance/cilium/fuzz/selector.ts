// Random label selectors as policies write them: with and without source prefixes, reserved labels, odd keys.
import type { Random } from '../random.ts';
import { ACCOUNTS, APPS, NAMESPACES } from './world.ts';

export type Selector = Record<string, unknown>;

/** An endpoint selector of a Cilium policy. */
export function makeSelector(random: Random): Selector {
  if (random.chance(0.12)) return {};
  const selector: Selector = {};
  if (random.chance(0.75)) {
    const labels = random.list(1, 2, () => makeLabel(random));
    // `app` and `any:app` are one key to the agent, and which value it keeps is random there.
    const keys = new Set(labels.map(([key]) => key.replace(/^any:/, '')));
    selector['matchLabels'] = Object.fromEntries(keys.size === labels.length ? labels : labels.slice(0, 1));
  }
  if (random.chance(0.35)) selector['matchExpressions'] = random.list(1, 2, () => makeExpression(random, ciliumKey));
  return selector;
}

/** A pod or namespace selector of a NetworkPolicy: plain label keys only. */
export function makePlainSelector(random: Random, keys: Readonly<Record<string, readonly string[]>>): Selector {
  if (random.chance(0.25)) return {};
  const names = Object.keys(keys);
  const selector: Selector = {};
  if (random.chance(0.7)) {
    const key = random.pick(names);
    selector['matchLabels'] = { [key]: random.pick(keys[key] ?? ['x']) };
  }
  if (random.chance(0.3)) {
    selector['matchExpressions'] = [makeExpression(random, () => [random.pick(names), ['web', 'prod', 'x', '']])];
  }
  return selector;
}

export const POD_KEYS: Readonly<Record<string, readonly string[]>> = {
  app: APPS,
  tier: ['front', 'back', ''],
  'example.com/zone': ['a', 'B', 'a.b_c-d'],
  absent: ['1'],
  'io.cilium.k8s.policy.cluster': ['c1', 'c2'],
};

export const NAMESPACE_KEYS: Readonly<Record<string, readonly string[]>> = {
  env: ['prod', 'dev', ''],
  team: ['a', 'b'],
  'kubernetes.io/metadata.name': NAMESPACES,
};

function makeLabel(random: Random): readonly [string, string] {
  const [key, values] = ciliumKey(random);
  return [key, random.pick(values)];
}

function ciliumKey(random: Random): readonly [string, readonly string[]] {
  const [key, values] = random.pick<readonly [string, readonly string[]]>([
    ['app', APPS],
    ['app', APPS],
    ['app', APPS],
    ['tier', ['front', 'back', '']],
    ['example.com/zone', ['a', 'B', 'a.b_c-d']],
    ['absent', ['1']],
    ['any.key', ['1']],
    ['io.kubernetes.pod.namespace', NAMESPACES],
    ['io.kubernetes.pod.namespace', NAMESPACES],
    ['io.cilium.k8s.policy.serviceaccount', ACCOUNTS],
    ['io.cilium.k8s.policy.cluster', ['c1', 'c2']],
    ['io.cilium.k8s.namespace.labels.env', ['prod', '']],
    ['io.cilium.k8s.namespace.labels.team', ['a', 'b']],
    ['io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name', NAMESPACES],
  ]);
  if (random.chance(0.07)) {
    return [
      `reserved:${random.pick(['host', 'world', 'init', 'health', 'remote-node', 'kube-apiserver', 'ingress'])}`,
      [''],
    ];
  }
  const source = random.pick([
    '',
    'k8s:',
    'k8s:',
    'k8s:',
    'any:',
    ...(random.chance(0.2) ? ['container:', 'k8s.'] : []),
  ]);
  return [`${source}${key}`, values];
}

function makeExpression(random: Random, key: (random: Random) => readonly [string, readonly string[]]): Selector {
  const [name, values] = key(random);
  const operator = random.pick(['In', 'NotIn', 'Exists', 'DoesNotExist']);
  if (operator === 'Exists' || operator === 'DoesNotExist') return { key: name, operator };
  return { key: name, operator, values: random.list(1, 2, () => random.pick(values)) };
}
