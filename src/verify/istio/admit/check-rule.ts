// What istiod's webhook refuses inside one rule of an AuthorizationPolicy.
import type { Condition, Operation, PolicyRule, Source } from './authorization-policy.ts';
import {
  checkAddresses,
  checkAttribute,
  checkNotEmpty,
  checkPathTemplates,
  checkPorts,
  checkServiceAccounts,
  checkTrustDomains,
} from './values.ts';

/** Problems of the rule at `index`; empty when istiod accepts it. Empty lists count as absent. */
export function checkRule(rule: PolicyRule, index: number): readonly string[] {
  const problems = [
    ...(rule.from ?? []).flatMap(({ source }) => checkSource(source)),
    ...(rule.to ?? []).flatMap(({ operation }) => checkOperation(operation)),
    ...(rule.when ?? []).flatMap(checkCondition),
  ];
  return problems.map((problem) => `spec.rules[${index}]: ${problem}`);
}

function checkSource(source: Source | undefined): readonly string[] {
  if (!source) return ['from.source must be set'];
  if (isEmpty(source)) return ['from.source must not be empty'];
  return [
    ...checkAddresses(source.ipBlocks),
    ...checkAddresses(source.notIpBlocks),
    ...checkAddresses(source.remoteIpBlocks),
    ...checkAddresses(source.notRemoteIpBlocks),
    ...checkNotEmpty('principals', source.principals),
    ...checkNotEmpty('notPrincipals', source.notPrincipals),
    ...checkNotEmpty('requestPrincipals', source.requestPrincipals),
    ...checkNotEmpty('notRequestPrincipals', source.notRequestPrincipals),
    ...checkNotEmpty('namespaces', source.namespaces),
    ...checkNotEmpty('notNamespaces', source.notNamespaces),
    ...checkServiceAccounts('serviceAccounts', source.serviceAccounts),
    ...checkServiceAccounts('notServiceAccounts', source.notServiceAccounts),
    ...checkTrustDomains('trustDomains', source.trustDomains),
    ...checkTrustDomains('notTrustDomains', source.notTrustDomains),
  ];
}

function checkOperation(operation: Operation | undefined): readonly string[] {
  if (!operation) return ['to.operation must be set'];
  if (isEmpty(operation)) return ['to.operation must not be empty'];
  return [
    ...checkPorts(operation.ports),
    ...checkPorts(operation.notPorts),
    ...checkNotEmpty('methods', operation.methods),
    ...checkNotEmpty('notMethods', operation.notMethods),
    ...checkNotEmpty('hosts', operation.hosts),
    ...checkNotEmpty('notHosts', operation.notHosts),
    ...checkNotEmpty('paths', operation.paths),
    ...checkNotEmpty('notPaths', operation.notPaths),
    ...checkPathTemplates('paths', operation.paths),
    ...checkPathTemplates('notPaths', operation.notPaths),
  ];
}

function checkCondition({ key = '', values = [], notValues = [] }: Condition): readonly string[] {
  if (key === '') return ['when.key must not be empty'];
  if (values.length === 0 && notValues.length === 0) return [`values or notValues must be set for key ${key}`];
  return [...checkAttribute(key, values), ...checkAttribute(key, notValues)];
}

function isEmpty(fields: Source | Operation): boolean {
  return Object.values(fields).every((values: readonly string[]) => values.length === 0);
}
