import type { Finding } from '../../api/index.ts';
import type { Counterexample } from '../prove/door.ts';
import { type Claim, prove } from '../prove/prove.ts';

const POLICIES = new Set([
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'NetworkPolicy',
  'ClusterNetworkPolicy',
  'AuthorizationPolicy',
  'PeerAuthentication',
  'ServiceEntry',
]);

/** The objects that an engine enforces, among any. */
export function policiesAmong(objects: readonly unknown[]): readonly unknown[] {
  return objects.filter((object) => POLICIES.has(String(field(object, 'kind'))));
}

/**
 * Policies of other authors that defeat ours: one that lets through what nobody agreed (I2, every ALLOW unites), or
 * blocks what was agreed (C24, deny wins). One finding for each object, with one flow as the example. With `claim.about`
 * only the doors of those services are asked, for a price that does not grow with the cluster.
 */
export function foreignFindings(claim: Claim, others: readonly unknown[]): readonly Finding[] {
  const foreign = policiesAmong(others);
  if (foreign.length === 0) return [];
  const { counterexamples } = prove({ ...claim, objects: [...claim.objects, ...foreign] });
  const theirs = counterexamples.filter(({ object }) => object && isAmong(object, foreign));
  if (theirs.length === 0) return [];
  const mine = new Set(prove(claim).counterexamples.map(text));
  const byObject = new Map<string, Counterexample>();
  for (const each of theirs) {
    const { object } = each;
    if (!object || mine.has(text(each))) continue;
    const key = `${object.kind} ${object.namespace}/${object.name} ${each.actual}`;
    const known = byObject.get(key);
    if (!known || oddness(each) < oddness(known)) byObject.set(key, each);
  }
  return [...byObject.values()].map(describe);
}

/** How far a flow is from what people think of: connections between services first, echoes and borders of ranges last. */
function oddness({ from, to, protocol }: Counterexample): number {
  const strange = [from, to].filter((party) => !/^[^ /]+\/[^ /]+$/.test(party)).length;
  const uncommon = protocol === 'TCP' ? 0 : protocol.startsWith('ICMP') ? 4 : 1;
  return strange + uncommon + (from === to ? 2 : 0);
}

function describe({ object, from, to, port, protocol, actual, door, reason }: Counterexample): Finding {
  const { kind = '', namespace = '', name = '', rule } = object ?? {};
  const flow = `${from} -> ${to}:${port}/${protocol}`;
  const about = { kind, namespace, name };
  const path = rule === undefined ? {} : { path: stepsOf(rule) };
  switch (actual) {
    case 'allowed':
      return {
        code: 'ForeignPolicyWidens',
        severity: 'warning',
        message: `lets through what nobody agreed, such as ${flow} at ${door}`,
        object: about,
        ...path,
        fix: 'delete it, or declare what it is for as an agreement',
      };
    case 'denied':
      return {
        code: 'ForeignPolicyBlocks',
        severity: 'warning',
        message: `blocks what both sides agreed, such as ${flow} at ${door}`,
        object: about,
        ...path,
        fix: 'delete it, or withdraw the agreement',
      };
    case 'undecided':
      return {
        code: 'ForeignPolicyUndecided',
        severity: 'warning',
        message: `cannot be judged for ${flow} at ${door}: ${reason}`,
        object: about,
        ...path,
      };
    case 'refused':
      return {
        code: 'ForeignPolicyRefused',
        severity: 'warning',
        message: `enforces nothing, the engine refuses it: ${reason}`,
        object: about,
        ...path,
      };
  }
}

/** `spec.ingress[0]` as the steps of a finding's path. */
function stepsOf(rule: string): readonly (string | number)[] {
  return rule
    .split(/[.[\]]+/)
    .filter((step) => step !== '')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

function isAmong(object: NonNullable<Counterexample['object']>, foreign: readonly unknown[]): boolean {
  return foreign.some((each) => {
    const metadata = field(each, 'metadata');
    return (
      field(each, 'kind') === object.kind &&
      field(metadata, 'name') === object.name &&
      (field(metadata, 'namespace') ?? '') === object.namespace
    );
  });
}

function text({ from, to, port, protocol, door, actual }: Counterexample): string {
  return [door, from, to, port, protocol, actual].join('\n');
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
