// AuthorizationPolicy (security.istio.io v1, v1beta1): its fields and what the API server refuses.
import { type Decoder, list, oneOf, record, text } from './decode.ts';
import type { Metadata } from './metadata.ts';
import { type Selector, selector } from './selector.ts';

export type Action = 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';

export interface Source {
  readonly principals?: readonly string[];
  readonly notPrincipals?: readonly string[];
  readonly requestPrincipals?: readonly string[];
  readonly notRequestPrincipals?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly notNamespaces?: readonly string[];
  readonly serviceAccounts?: readonly string[];
  readonly notServiceAccounts?: readonly string[];
  readonly trustDomains?: readonly string[];
  readonly notTrustDomains?: readonly string[];
  readonly ipBlocks?: readonly string[];
  readonly notIpBlocks?: readonly string[];
  readonly remoteIpBlocks?: readonly string[];
  readonly notRemoteIpBlocks?: readonly string[];
}

export interface Operation {
  readonly hosts?: readonly string[];
  readonly notHosts?: readonly string[];
  readonly ports?: readonly string[];
  readonly notPorts?: readonly string[];
  readonly methods?: readonly string[];
  readonly notMethods?: readonly string[];
  readonly paths?: readonly string[];
  readonly notPaths?: readonly string[];
}

export interface Condition {
  readonly key?: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}

export interface PolicyRule {
  readonly from?: readonly { readonly source?: Source }[];
  readonly to?: readonly { readonly operation?: Operation }[];
  readonly when?: readonly Condition[];
}

export interface TargetRef {
  readonly group?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

export interface AuthorizationSpec {
  readonly selector?: Selector;
  readonly targetRef?: TargetRef;
  readonly targetRefs?: readonly TargetRef[];
  readonly action?: Action;
  readonly provider?: { readonly name?: string };
  readonly rules?: readonly PolicyRule[];
}

/** An AuthorizationPolicy that both the API server and istiod's webhook accepted. */
export interface AuthorizationPolicy {
  readonly kind: 'AuthorizationPolicy';
  readonly metadata: Metadata;
  readonly spec: AuthorizationSpec;
}

const strings = list(text());
const serviceAccounts = list(text({ max: 320 }), 16); // I5

const source = record(
  {
    principals: strings,
    notPrincipals: strings,
    requestPrincipals: strings,
    notRequestPrincipals: strings,
    namespaces: strings,
    notNamespaces: strings,
    serviceAccounts,
    notServiceAccounts: serviceAccounts,
    trustDomains: strings,
    notTrustDomains: strings,
    ipBlocks: strings,
    notIpBlocks: strings,
    remoteIpBlocks: strings,
    notRemoteIpBlocks: strings,
  },
  { rules: [serviceAccountsAlone] },
);

const operation = record({
  hosts: strings,
  notHosts: strings,
  ports: strings,
  notPorts: strings,
  methods: strings,
  notMethods: strings,
  paths: strings,
  notPaths: strings,
});

const condition = record({ key: text(), values: strings, notValues: strings }, { required: ['key'] });

const rule = record({
  from: list(record({ source }), 512), // I19
  to: list(record({ operation })),
  when: list(condition),
});

const targetRef = record(
  {
    group: text({ max: 253, pattern: /^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/ }),
    kind: text({ min: 1, max: 63, pattern: /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/ }),
    name: text({ min: 1, max: 253 }),
    namespace: text({ rule: (name) => (name === '' ? undefined : 'cross namespace referencing is not supported') }),
  },
  { required: ['kind', 'name'] },
);

/** Decodes `spec`. Presence counts for the rules, even of an empty list. */
export const authorizationSpec: Decoder<AuthorizationSpec> = record(
  {
    selector,
    targetRef,
    targetRefs: list(targetRef, 16), // I3
    action: oneOf('ALLOW', 'DENY', 'AUDIT', 'CUSTOM'),
    provider: record({ name: text() }),
    rules: list(rule, 512), // I19
  },
  { rules: [selectorOrTargets] },
);

function serviceAccountsAlone(held: Source): string | undefined {
  const byAccount = held.serviceAccounts ?? held.notServiceAccounts;
  const byOther = held.principals ?? held.notPrincipals ?? held.namespaces ?? held.notNamespaces;
  return byAccount && byOther ? 'cannot set serviceAccounts with namespaces or principals' : undefined;
}

function selectorOrTargets(spec: AuthorizationSpec): string | undefined {
  const set = [spec.selector, spec.targetRef, spec.targetRefs].filter((field) => field !== undefined);
  return set.length > 1 ? 'only one of targetRefs or selector can be set' : undefined;
}

/** Action of a policy; ALLOW when it names none. */
export function actionOf(spec: AuthorizationSpec): Action {
  return spec.action ?? 'ALLOW';
}

/** What the policy targets, also by the deprecated single `targetRef`; never both. */
export function targetRefsOf(spec: AuthorizationSpec): readonly TargetRef[] {
  return spec.targetRefs ?? (spec.targetRef ? [spec.targetRef] : []);
}

/** True for a policy in dry run: it is logged, never enforced (Z9). */
export function isDryRun(policy: AuthorizationPolicy): boolean {
  return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(policy.metadata.annotations.get('istio.io/dry-run') ?? '');
}
