// Turns a well-formed policy into what people write by mistake: typos, nulls, empty lists, wrong types, two peers.
import type { Random } from '../random.ts';
import { isRecord, type PolicyObject } from '../scenario.ts';

type Path = readonly (string | number)[];

/** One random change somewhere inside `spec` or `specs`. The policy itself stays as it is. */
export function makeOdd(random: Random, policy: PolicyObject): PolicyObject {
  const root = 'specs' in policy ? 'specs' : 'spec';
  const place = random.pick(pathsIn(policy[root], [root]));
  const changed = changeAt(policy, place, (value, holder) => change(random, place, value, holder));
  return isRecord(changed) ? changed : policy;
}

/** Every place in a JSON value, the value itself included. */
export function pathsIn(value: unknown, at: Path): Path[] {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return [at, ...items.flatMap((item, index) => pathsIn(item, [...at, index]))];
  }
  if (isRecord(value)) return [at, ...Object.entries(value).flatMap(([key, item]) => pathsIn(item, [...at, key]))];
  return [at];
}

export type Change =
  | { readonly kind: 'replace'; readonly value: unknown }
  | { readonly kind: 'remove' }
  | { readonly kind: 'rename'; readonly to: string }
  | { readonly kind: 'add'; readonly key: string; readonly value: unknown };

/** A copy of `root` with one place changed; `add` puts a sibling beside the place. */
export function changeAt(root: unknown, path: Path, decide: (value: unknown, holder: unknown) => Change): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return root;
  const child: unknown = Array.isArray(root) ? root[Number(step)] : isRecord(root) ? root[step] : undefined;
  const outcome: Change =
    rest.length === 0 ? decide(child, root) : { kind: 'replace', value: changeAt(child, rest, decide) };
  if (Array.isArray(root)) return changeItem(root, Number(step), outcome);
  if (isRecord(root)) return changeKey(root, String(step), outcome);
  return root;
}

function changeItem(list: readonly unknown[], index: number, outcome: Change): unknown[] {
  switch (outcome.kind) {
    case 'replace':
      return list.with(index, outcome.value);
    case 'remove':
      return list.toSpliced(index, 1);
    case 'rename':
    case 'add':
      return [...list, list[index]];
  }
}

function changeKey(record: Record<string, unknown>, key: string, outcome: Change): Record<string, unknown> {
  const entries = Object.entries(record);
  switch (outcome.kind) {
    case 'replace':
      return { ...record, [key]: outcome.value };
    case 'remove':
      return Object.fromEntries(entries.filter(([name]) => name !== key));
    case 'rename':
      return Object.fromEntries(entries.map(([name, value]) => [name === key ? outcome.to : name, value]));
    case 'add':
      return { ...record, [outcome.key]: outcome.value };
  }
}

function change(random: Random, path: Path, value: unknown, holder: unknown): Change {
  const key = path.at(-1);
  switch (random.below(7)) {
    case 0:
      return { kind: 'remove' };
    case 1:
      return { kind: 'replace', value: random.pick<unknown>([null, [], {}, '', 0, -1, true, 'x', [null], [{}]]) };
    case 2:
      return typeof key === 'string' ? { kind: 'rename', to: misspell(random, key) } : { kind: 'remove' };
    case 3:
      return { kind: 'replace', value: misplaced(value) };
    case 4:
      return isRecord(holder) ? { kind: 'add', ...random.pick(SIBLINGS) } : { kind: 'add', key: 'x', value };
    case 5:
      if (isRecord(value)) return { kind: 'replace', value: { ...value, ...one(random.pick(SIBLINGS)) } };
      return typeof value === 'string' ? { kind: 'replace', value: random.pick(TEXTS) } : { kind: 'remove' };
    default:
      return { kind: 'replace', value: oversized(random, value) };
  }
}

function misspell(random: Random, key: string): string {
  return random.pick([key.replace(/s$/, ''), `${key}s`, key.toLowerCase(), key.replace(/^from/, 'to'), `${key} `]);
}

function misplaced(value: unknown): unknown {
  if (typeof value === 'number') return String(value);
  // Longer digits become a number that JSON has no spelling for.
  if (typeof value === 'string') return /^\d{1,15}$/.test(value) ? Number(value) : value.toLowerCase();
  return Array.isArray(value) ? (value[0] ?? 'x') : [value];
}

function oversized(random: Random, value: unknown): unknown {
  if (!Array.isArray(value)) return typeof value === 'string' ? value.repeat(64) : value;
  const items: readonly unknown[] = value;
  const length = random.pick([40, 41]);
  return items.length === 0 ? value : Array.from({ length }, (_, index) => items[index % items.length]);
}

function one({ key, value }: { readonly key: string; readonly value: unknown }): Record<string, unknown> {
  return { [key]: value };
}

const SIBLINGS: readonly { readonly key: string; readonly value: unknown }[] = [
  { key: 'fromEndpoints', value: [{}] },
  { key: 'toEndpoints', value: [{ matchLabels: { app: 'web' } }] },
  { key: 'fromEndpoints', value: [] },
  { key: 'toEndpoints', value: null },
  { key: 'fromEntities', value: ['world'] },
  { key: 'toEntities', value: ['cluster'] },
  { key: 'fromCIDR', value: ['1.2.3.4'] },
  { key: 'toCIDR', value: ['0.0.0.0/0'] },
  { key: 'fromCIDRSet', value: [{ cidr: '10.0.0.0/8', except: ['11.0.0.0/8'] }] },
  { key: 'toCIDRSet', value: [] },
  { key: 'toFQDNs', value: [] },
  { key: 'toFQDNs', value: [{ matchName: 'api.stripe.com' }] },
  { key: 'fromRequires', value: [{ matchLabels: { app: 'web' } }] },
  { key: 'toRequires', value: [] },
  { key: 'toPorts', value: [{ ports: [{ port: '80', protocol: 'TCP' }] }] },
  { key: 'toPorts', value: [{}] },
  { key: 'toPorts', value: null },
  { key: 'icmps', value: [{ fields: [{ type: 8 }] }] },
  { key: 'icmps', value: [] },
  { key: 'nodeSelector', value: {} },
  { key: 'enableDefaultDeny', value: { ingress: false, egress: false } },
  { key: 'enableDefaultDeny', value: { ingress: true } },
  { key: 'rules', value: { http: [{ method: 'GET' }] } },
  { key: 'rules', value: { dns: [{ matchPattern: '*' }] } },
  { key: 'rules', value: {} },
  { key: 'serverNames', value: ['example.org'] },
  { key: 'endPort', value: 100 },
  { key: 'matchLabels', value: { 'k8s:app': 'web' } },
  { key: 'matchExpressions', value: [{ key: 'app', operator: 'In', values: [] }] },
  { key: 'values', value: ['x'] },
  { key: 'ingress', value: [] },
  { key: 'egress', value: [{}] },
  { key: 'labels', value: [{ key: 'a', value: 'b', source: 'c' }] },
  { key: 'log', value: { value: 'edge' } },
  { key: 'unknown', value: 1 },
];

const TEXTS: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  '65536',
  '70000',
  '080',
  '0x50',
  'http',
  'tcp',
  'ANY',
  'ICMP',
  'VRRP',
  'NotAnOperator',
  'Gt',
  'app',
  'k8s:app',
  'a b',
  '-x',
  'x'.repeat(64),
  '*.stripe.com',
  'Stripe.COM.',
  '1.2.3.4',
  '1.2.3.4/33',
  '::1',
  'world-ipv4',
  'internet',
  'EchoReply',
  '255',
  '256',
];
