// What istiod's validating webhook refuses although the API server would take it.
import { type AuthorizationPolicy, type Source, actionOf, targetRefsOf } from './authorization-policy.ts';
import { checkRule } from './check-rule.ts';
import type { Metadata } from './metadata.ts';
import type { PeerAuthentication } from './peer-authentication.ts';

const TARGETS = ['/Service', 'networking.istio.io/ServiceEntry', 'gateway.networking.k8s.io/Gateway'].concat(
  'gateway.networking.k8s.io/GatewayClass',
);

/** Annotations by which istiod marks its own objects; nobody else may carry them. */
const RESERVED = [
  'internal.istio.io/webhook-always-reject',
  'internal.istio.io/parent-namespace',
  'internal.istio.io/parents',
];

const BOOLEANS = ['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False'];

/** Problems of an AuthorizationPolicy; empty when istiod accepts it. */
export function checkAuthorizationPolicy(policy: AuthorizationPolicy): readonly string[] {
  const { spec, metadata } = policy;
  const action = actionOf(spec);
  const reserved = [...checkDryRun(policy), ...checkReserved(metadata)];
  // Istiod looks no further once the metadata is wrong.
  if (reserved.length > 0) return reserved;
  const problems = targetRefsOf(spec).flatMap((target) => {
    const group = target.group === 'core' ? '' : (target.group ?? '');
    return TARGETS.includes(`${group}/${target.kind}`) ? [] : [`targetRef must not be to ${group}/${target.kind}`];
  });
  const rules = spec.rules ?? [];
  if (rules.length === 0 && (action === 'DENY' || action === 'CUSTOM')) {
    problems.push(`${action} action without rules is meaningless as it will never be triggered`);
  }
  if (action === 'CUSTOM') problems.push(...checkCustom(policy));
  else if (spec.provider) problems.push(`provider must not be with non CUSTOM action, found ${action}`);
  return [...problems, ...rules.flatMap(checkRule)];
}

/** Problems of a PeerAuthentication; empty when istiod accepts it. */
export function checkPeerAuthentication({ spec, metadata }: PeerAuthentication): readonly string[] {
  const problems = metadata.annotations.has('istio.io/dry-run') ? ['unsupported annotation istio.io/dry-run'] : [];
  problems.push(...checkReserved(metadata));
  const ports = [...(spec.portLevelMtls?.keys() ?? [])];
  for (const port of ports) if (!/^\d+$/.test(port)) problems.push(`port ${port} is no port number`);
  if (new Set(ports.map(Number)).size < ports.length) problems.push('a port is listed twice');
  return problems;
}

/** Z9: a dry-run value that is no boolean would be enforced, were it not refused here. */
function checkDryRun({ spec, metadata }: AuthorizationPolicy): readonly string[] {
  const value = metadata.annotations.get('istio.io/dry-run');
  if (value === undefined) return [];
  const action = actionOf(spec);
  if (action !== 'ALLOW' && action !== 'DENY') return [`istio.io/dry-run does not support action ${action}`];
  return BOOLEANS.includes(value) ? [] : [`annotation istio.io/dry-run has invalid value ${JSON.stringify(value)}`];
}

function checkReserved({ annotations }: Metadata): string[] {
  return RESERVED.filter((name) => annotations.has(name)).map((name) => `annotation ${name} may not be set`);
}

const NOT_CUSTOM: readonly (keyof Source)[] = [
  'namespaces',
  'notNamespaces',
  'serviceAccounts',
  'notServiceAccounts',
  'trustDomains',
  'notTrustDomains',
  'principals',
  'notPrincipals',
  'requestPrincipals',
  'notRequestPrincipals',
];
const NOT_CUSTOM_KEYS = ['source.namespace', 'source.serviceAccount', 'source.trustDomain', 'source.principal'];

/** CUSTOM asks an external authorizer before anybody's identity is checked, so it may not match on identities. */
function checkCustom({ spec }: AuthorizationPolicy): readonly string[] {
  const problems: string[] = [];
  const rules = spec.rules ?? [];
  if (rules.length > 0 && (spec.provider?.name ?? '') === '') problems.push('provider.name must not be empty');
  for (const rule of rules) {
    for (const { source } of rule.from ?? []) {
      for (const field of NOT_CUSTOM) {
        if ((source?.[field]?.length ?? 0) > 0) problems.push(`${field} is not supported with CUSTOM action`);
      }
    }
    for (const { key = '' } of rule.when ?? []) {
      if (NOT_CUSTOM_KEYS.includes(key) || key.startsWith('request.auth.')) {
        problems.push(`${key} is not supported with CUSTOM action`);
      }
    }
  }
  return problems;
}
