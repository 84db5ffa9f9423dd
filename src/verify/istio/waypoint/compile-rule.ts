// One rule of an AuthorizationPolicy -> the test that Envoy makes of it, on HTTP and on TCP ports.
import type { Action, AuthorizationPolicy, Operation, PolicyRule, Source } from '../admit/authorization-policy.ts';
import { allOf, anyOf, not, type Truth } from '../truth.ts';
import { type Attribute, type Leaf, leafOf } from './leaf.ts';
import type { Seen } from './request.ts';
import { expandTrustDomains, withAliases } from './trust-domain.ts';

export type RuleTest = (seen: Seen) => Truth;

/** Undefined: istiod leaves the rule out on ports of this protocol. */
export interface CompiledRule {
  readonly http: RuleTest | undefined;
  readonly tcp: RuleTest | undefined;
}

interface Field {
  readonly attribute: Attribute;
  readonly values?: readonly string[] | undefined;
  readonly notValues?: readonly string[] | undefined;
}

/** Fields that must hold together. */
type Conjunction = readonly Field[];

/** `trustDomains` = the mesh's own first, then its aliases. */
export function compileRule(
  rule: PolicyRule,
  policy: AuthorizationPolicy,
  action: Action,
  trustDomains: readonly string[],
): CompiledRule {
  const conditions: Conjunction = (rule.when ?? []).map(({ key = '', values, notValues }) => ({
    attribute: key,
    values,
    notValues,
  }));
  const from = (rule.from ?? []).map(({ source = {} }) => sourceFields(source));
  const to = (rule.to ?? []).map(({ operation = {} }) => operationFields(operation));
  const clauses = [from, to].filter((clause) => clause.length > 0).concat([[conditions]]);
  const context = { namespace: policy.metadata.namespace, action, trustDomains };
  const build = (forTcp: boolean): RuleTest | undefined => {
    const tests = clauses.map((clause) => anyConjunction(clause, context, forTcp));
    return tests.every((test) => test !== undefined) ? (seen) => allOf(tests, (test) => test(seen)) : undefined;
  };
  return { http: build(false), tcp: build(true) };
}

function sourceFields(source: Source): Conjunction {
  return [
    { attribute: 'source.principal', values: source.principals, notValues: source.notPrincipals },
    { attribute: 'request.auth.principal', values: source.requestPrincipals, notValues: source.notRequestPrincipals },
    { attribute: 'source.serviceAccount', values: source.serviceAccounts, notValues: source.notServiceAccounts },
    { attribute: 'source.trustDomain', values: source.trustDomains, notValues: source.notTrustDomains },
    { attribute: 'source.namespace', values: source.namespaces, notValues: source.notNamespaces },
    { attribute: 'remote.ip', values: source.remoteIpBlocks, notValues: source.notRemoteIpBlocks },
    { attribute: 'source.ip', values: source.ipBlocks, notValues: source.notIpBlocks },
  ];
}

function operationFields(operation: Operation): Conjunction {
  return [
    { attribute: 'destination.port', values: operation.ports, notValues: operation.notPorts },
    { attribute: ':path', values: operation.paths, notValues: operation.notPaths },
    { attribute: ':method', values: operation.methods, notValues: operation.notMethods },
    { attribute: ':authority', values: operation.hosts, notValues: operation.notHosts },
  ];
}

interface Context {
  readonly namespace: string;
  readonly action: Action;
  readonly trustDomains: readonly string[];
}

function anyConjunction(conjunctions: readonly Conjunction[], context: Context, forTcp: boolean): RuleTest | undefined {
  const tests: RuleTest[] = [];
  for (const fields of conjunctions) {
    const built = fields.map((field) => buildField(field, context, forTcp));
    // One field that cannot be expressed takes the whole ALLOW rule with it.
    if (built.includes(undefined)) return undefined;
    const parts = built.flatMap((part) => part ?? []);
    tests.push((seen) => allOf(parts, (part) => part(seen)));
  }
  return (seen) => anyOf(tests, (test) => test(seen));
}

/** The tests of one field; undefined when an ALLOW rule cannot express it. A DENY rule goes on without: broader (I7). */
function buildField(field: Field, context: Context, forTcp: boolean): readonly RuleTest[] | undefined {
  const wanted = leaves(field.attribute, field.values ?? [], context);
  const unwanted = leaves(field.attribute, field.notValues ?? [], context);
  const fits = (leaf: Leaf | undefined): leaf is Leaf => leaf !== undefined && !(forTcp && leaf.httpOnly);
  if (context.action === 'ALLOW' && ![...wanted, ...unwanted].every(fits)) return undefined;
  const positive = wanted.filter(fits);
  const negative = unwanted.filter(fits);
  const tests: RuleTest[] = [];
  if (positive.length > 0) tests.push((seen) => anyOf(positive, (leaf) => leaf.test(seen)));
  if (negative.length > 0) tests.push((seen) => not(anyOf(negative, (leaf) => leaf.test(seen))));
  return tests;
}

function leaves(attribute: Attribute, values: readonly string[], context: Context): readonly (Leaf | undefined)[] {
  return migrated(attribute, values, context.trustDomains).map((value) => leafOf(attribute, value, context.namespace));
}

function migrated(attribute: Attribute, values: readonly string[], trustDomains: readonly string[]): readonly string[] {
  if (attribute === 'source.principal') return withAliases(values, trustDomains);
  if (attribute === 'source.trustDomain') return expandTrustDomains(values, trustDomains);
  return values;
}
