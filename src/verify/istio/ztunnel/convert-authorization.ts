// AuthorizationPolicy -> what ztunnel gets of it.
import type { ObjectRef } from '../../verdict.ts';
import { type Block, parseBlock } from '../address.ts';
import {
  type AuthorizationPolicy,
  actionOf,
  type Condition,
  isDryRun,
  type Operation,
  type PolicyRule,
  type Source,
  targetRefsOf,
} from '../admit/authorization-policy.ts';
import { parsePort } from '../admit/values.ts';
import type { MeshConfig } from '../mesh.ts';
import {
  isVoid,
  type L4Match,
  type L4Policy,
  type L4Rule,
  NOTHING,
  type ServiceAccountMatch,
  type TextMatch,
} from './l4-policy.ts';

/** Undefined when istiod sends nothing: CUSTOM, AUDIT, targetRefs (Z12), dry run with the feature off (Z9). */
export function convertAuthorization(policy: AuthorizationPolicy, mesh: MeshConfig): L4Policy | undefined {
  const action = actionOf(policy.spec);
  const dryRun = isDryRun(policy);
  if (dryRun && mesh.dryRun !== true) return undefined;
  if (targetRefsOf(policy.spec).length > 0 || (action !== 'ALLOW' && action !== 'DENY')) return undefined;
  const { namespace, name } = policy.metadata;
  const object: ObjectRef = { kind: 'AuthorizationPolicy', namespace, name };
  const rules = (policy.spec.rules ?? []).flatMap((rule, index): L4Rule[] => {
    // I7: an ALLOW rule with any L7 field is dropped whole; a DENY rule keeps what is left of it (Z1).
    if (action === 'ALLOW' && hasL7(rule)) return [];
    return [{ object: { ...object, rule: `spec.rules[${index}]` }, clauses: clausesOf(rule, namespace) }];
  });
  return { key: `${namespace}/${name}`, object, action, dryRun, rules };
}

const L4_KEYS = ['source.ip', 'source.namespace', 'source.principal', 'destination.ip', 'destination.port'];

function hasL7(rule: PolicyRule): boolean {
  return (
    (rule.to ?? []).some(({ operation }) => isL7Operation(operation ?? {})) ||
    (rule.from ?? []).some(({ source }) => isL7Source(source ?? {})) ||
    (rule.when ?? []).some(({ key = '' }) => !L4_KEYS.includes(key))
  );
}

function isL7Operation({ hosts, notHosts, methods, notMethods, paths, notPaths }: Operation): boolean {
  return [hosts, notHosts, methods, notMethods, paths, notPaths].some((values) => (values?.length ?? 0) > 0);
}

/** Trust domains are not among them: they are dropped without a word (I6). */
function isL7Source(source: Source): boolean {
  return [source.remoteIpBlocks, source.notRemoteIpBlocks, source.requestPrincipals, source.notRequestPrincipals].some(
    (values) => (values?.length ?? 0) > 0,
  );
}

function clausesOf(rule: PolicyRule, namespace: string): readonly (readonly L4Match[])[] {
  const to = (rule.to ?? []).map(({ operation }) => operationMatch(operation ?? {}));
  const from = (rule.from ?? []).map(({ source }) => sourceMatch(source ?? {}, namespace));
  const when = (rule.when ?? []).map((condition) => [conditionMatch(condition)]);
  const clauses = [to, from].filter((clause) => clause.length > 0).concat(when);
  return clauses.map((clause) => clause.filter((match) => !isVoid(match)));
}

function operationMatch({ ports, notPorts }: Operation): L4Match {
  return { ...NOTHING, ports: portsOf(ports), notPorts: portsOf(notPorts) };
}

function sourceMatch(source: Source, namespace: string): L4Match {
  return {
    ...NOTHING,
    sourceIps: blocksOf(source.ipBlocks),
    notSourceIps: blocksOf(source.notIpBlocks),
    namespaces: textsOf(source.namespaces),
    notNamespaces: textsOf(source.notNamespaces),
    serviceAccounts: accountsOf(source.serviceAccounts, namespace),
    notServiceAccounts: accountsOf(source.notServiceAccounts, namespace),
    principals: textsOf(source.principals),
    notPrincipals: textsOf(source.notPrincipals),
  };
}

function conditionMatch({ key = '', values, notValues }: Condition): L4Match {
  switch (key) {
    case 'source.namespace':
      return { ...NOTHING, namespaces: textsOf(values), notNamespaces: textsOf(notValues) };
    case 'source.principal':
      return { ...NOTHING, principals: textsOf(values), notPrincipals: textsOf(notValues) };
    case 'source.ip':
      return { ...NOTHING, sourceIps: blocksOf(values), notSourceIps: blocksOf(notValues) };
    case 'destination.ip':
      return { ...NOTHING, destinationIps: blocksOf(values), notDestinationIps: blocksOf(notValues) };
    case 'destination.port':
      return { ...NOTHING, ports: portsOf(values), notPorts: portsOf(notValues) };
    default:
      return NOTHING;
  }
}

function textsOf(values: readonly string[] = []): readonly TextMatch[] {
  return values.map((value) => {
    if (value === '*') return { kind: 'presence', text: '' };
    if (value.startsWith('*')) return { kind: 'suffix', text: value.slice(1) };
    if (value.endsWith('*')) return { kind: 'prefix', text: value.slice(0, -1) };
    return { kind: 'exact', text: value };
  });
}

/** A bare name means the namespace of the POLICY, also for a policy in the root namespace (Z8). */
function accountsOf(values: readonly string[] = [], namespace: string): readonly ServiceAccountMatch[] {
  return values.map((value) => {
    const slash = value.indexOf('/');
    return slash === -1
      ? { namespace, serviceAccount: value }
      : { namespace: value.slice(0, slash), serviceAccount: value.slice(slash + 1) };
  });
}

function portsOf(values: readonly string[] = []): readonly number[] {
  return values.flatMap((value) => parsePort(value) ?? []);
}

function blocksOf(values: readonly string[] = []): readonly Block[] {
  return values.flatMap((value) => parseBlock(value) ?? []);
}
