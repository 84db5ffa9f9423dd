import { type Cause, forbiddenField, invalidValue, required, unsupported } from '../api-error.ts';
import {
  at,
  compact,
  equal,
  isObject,
  type Json,
  type JsonObject,
  listAt,
  objectAt,
  plain,
  textAt,
  withAt,
} from '../json.ts';
import { checkFinalizer } from '../finalizer.ts';
import { nameOf } from '../meta.ts';
import { checkDefinition, prepareDefinition, retireDefinition, settleDefinition } from '../crd/definition.ts';
import { pathSegment, subdomain } from '../names.ts';
import type { Rules } from './resource.ts';
import { webhookRules } from './webhook-rules.ts';

/** Defaulting and validation of the built-in kinds that are served in full. */
export const BUILTIN_RULES: Readonly<Record<string, Rules>> = {
  Namespace: { prepare: prepareNamespace, settle: settleNamespace, retire: retireNamespace, check: checkNamespace },
  ConfigMap: { prepare: (next) => next, check: checkConfigMap },
  Secret: { prepare: prepareSecret, check: checkSecret },
  Lease: {
    prepare: (next) => ({ ...next, spec: objectAt(next, 'spec') }),
    fill: dropElection,
    check: checkLease,
  },
  Role: { prepare: prepareRole, check: checkRole },
  ClusterRole: { prepare: prepareRole, check: checkRole },
  RoleBinding: { prepare: prepareBinding, check: checkBinding },
  ClusterRoleBinding: { prepare: prepareBinding, check: checkBinding },
  MutatingWebhookConfiguration: webhookRules(true),
  ValidatingWebhookConfiguration: webhookRules(false),
  CustomResourceDefinition: {
    prepare: prepareDefinition,
    settle: settleDefinition,
    retire: retireDefinition,
    check: checkDefinition,
  },
  Pod: { prepare: (next) => next, settle: (pod) => ({ ...pod, status: { phase: 'Pending' } }), check: () => [] },
  Event: { prepare: prepareEvent, fill: fillEvent, check: checkEvent },
};

function prepareNamespace(next: JsonObject): JsonObject {
  return withAt(next, ['metadata', 'labels', 'kubernetes.io/metadata.name'], nameOf(next));
}

function checkNamespace(next: JsonObject): readonly Cause[] {
  return listAt(next, 'spec', 'finalizers').flatMap((finalizer) => checkFinalizer(plain(finalizer), 'spec.finalizers'));
}

function settleNamespace(next: JsonObject): JsonObject {
  const finalizers = listAt(next, 'spec', 'finalizers');
  const kept = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'];
  return { ...next, spec: { ...objectAt(next, 'spec'), finalizers: kept }, status: { phase: 'Active' } };
}

function retireNamespace(namespace: JsonObject): JsonObject {
  return withAt(namespace, ['status', 'phase'], 'Terminating');
}

/** The server's type of a series always writes its time. */
function prepareEvent(next: JsonObject): JsonObject {
  return isObject(next.series) ? { ...next, series: { lastObservedTime: null, ...next.series } } : next;
}

/** They are spelled differently in the two event groups. */
function fillEvent(next: JsonObject): JsonObject {
  const newer = textAt(next, 'apiVersion') !== 'v1';
  return {
    ...(newer
      ? { deprecatedFirstTimestamp: null, deprecatedLastTimestamp: null, deprecatedSource: {} }
      : { firstTimestamp: null, lastTimestamp: null, source: {}, reportingComponent: '', reportingInstance: '' }),
    eventTime: null,
    ...next,
  };
}

/** An event is about something in its own namespace, or, in `default`, about something in none. */
function checkEvent(next: JsonObject): readonly Cause[] {
  const about = textAt(next, 'apiVersion') === 'v1' ? 'involvedObject' : 'regarding';
  const [own, named] = [textAt(next, 'metadata', 'namespace'), textAt(next, about, 'namespace')];
  if (named === '' ? own === 'default' : named === own) return [];
  return [invalidValue(`${about}.namespace`, named, 'does not match event.namespace')];
}

const DATA_KEY = /^[-._a-zA-Z0-9]+$/;

function checkKeys(object: JsonObject, field: string): readonly Cause[] {
  return Object.keys(objectAt(object, field)).flatMap((key) => {
    if (DATA_KEY.test(key) && key.length <= 253 && key !== '.' && !key.startsWith('..')) return [];
    const rule = `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`;
    return [invalidValue(`${field}[${key}]`, key, rule)];
  });
}

function checkImmutable(next: JsonObject, previous: JsonObject | undefined, data: readonly string[]): readonly Cause[] {
  if (previous?.immutable !== true) return [];
  const causes: Cause[] = [];
  if (next.immutable !== true) causes.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'));
  for (const field of data) {
    if (!equal(objectAt(next, field), objectAt(previous, field))) {
      causes.push(forbiddenField(field, 'field is immutable when `immutable` is set'));
    }
  }
  return causes;
}

function checkConfigMap(next: JsonObject, previous: JsonObject | undefined): readonly Cause[] {
  const both = Object.keys(objectAt(next, 'data')).filter((key) => Object.hasOwn(objectAt(next, 'binaryData'), key));
  return [
    ...checkKeys(next, 'data'),
    ...checkKeys(next, 'binaryData'),
    ...both.map((key) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')),
    ...checkImmutable(next, previous, ['data', 'binaryData']),
  ];
}

function prepareSecret(next: JsonObject, previous: JsonObject | undefined): JsonObject {
  const texts = Object.entries(objectAt(next, 'stringData'));
  const encoded = texts.map(([key, text]) => [key, Buffer.from(plain(text), 'utf8').toString('base64')] as const);
  const merged = { ...objectAt(next, 'data'), ...Object.fromEntries(encoded) };
  const { stringData: _writeOnly, ...rest } = next;
  const type = textAt(next, 'type') || textAt(previous, 'type') || 'Opaque';
  return compact({ ...rest, data: texts.length > 0 ? merged : next.data, type });
}

/** Keys that a secret of a type must have. */
const SECRET_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
};

function checkSecret(next: JsonObject, previous: JsonObject | undefined): readonly Cause[] {
  const type = textAt(next, 'type');
  const missing = (SECRET_KEYS[type] ?? []).filter((key) => !Object.hasOwn(objectAt(next, 'data'), key));
  const changed = previous !== undefined && textAt(previous, 'type') !== type;
  return [
    ...checkKeys(next, 'data'),
    ...missing.map((key) => required(`data[${key}]`, '')),
    ...(changed ? [invalidValue('type', type, 'field is immutable')] : []),
    ...checkImmutable(next, previous, ['data']),
  ];
}

/** The fields of coordinated elections are behind a gate that is shut; who wrote them owns them all the same. */
function dropElection(next: JsonObject): JsonObject {
  const { strategy: _strategy, preferredHolder: _holder, ...spec } = objectAt(next, 'spec');
  return { ...next, spec };
}

function checkLease(next: JsonObject): readonly Cause[] {
  const spec = objectAt(next, 'spec');
  const causes: Cause[] = [];
  const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec;
  if (typeof duration === 'number' && duration <= 0) {
    causes.push(invalidValue('spec.leaseDurationSeconds', duration, 'must be greater than 0'));
  }
  if (typeof transitions === 'number' && transitions < 0) {
    causes.push(invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  return causes;
}

/** The server's type always writes its rules. */
function prepareRole(next: JsonObject): JsonObject {
  return { ...next, rules: next.rules ?? null };
}

function checkRole(next: JsonObject): readonly Cause[] {
  const rules = listAt(next, 'rules').flatMap((rule, index) =>
    checkRule(rule, `rules[${index}]`, textAt(next, 'kind')),
  );
  const { aggregationRule } = next;
  if (!isObject(aggregationRule) || listAt(aggregationRule, 'clusterRoleSelectors').length > 0) return rules;
  const why = 'at least one clusterRoleSelector required if aggregationRule is non-nil';
  return [...rules, required('aggregationRule.clusterRoleSelectors', why)];
}

function checkRule(rule: Json, path: string, kind: string): readonly Cause[] {
  const causes: Cause[] = [];
  const [groups, resources] = [listAt(rule, 'apiGroups'), listAt(rule, 'resources')];
  const urls = listAt(rule, 'nonResourceURLs');
  if (listAt(rule, 'verbs').length === 0)
    causes.push(required(`${path}.verbs`, 'verbs must contain at least one value'));
  if (urls.length > 0) {
    const refuse = (why: string): number => causes.push(invalidValue(`${path}.nonResourceURLs`, urls, why));
    if (kind === 'Role') refuse('namespaced rules cannot apply to non-resource URLs');
    if (groups.length + resources.length + listAt(rule, 'resourceNames').length > 0)
      refuse('rules cannot apply to both regular resources and non-resource URLs');
    return causes;
  }
  if (groups.length === 0)
    causes.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
  if (resources.length === 0)
    causes.push(required(`${path}.resources`, 'resource rules must supply at least one resource'));
  return causes;
}

const RBAC_GROUP = 'rbac.authorization.k8s.io';

function prepareBinding(next: JsonObject): JsonObject {
  const subjects = listAt(next, 'subjects').map((subject): Json => {
    if (!isObject(subject) || textAt(subject, 'apiGroup') !== '' || textAt(subject, 'kind') === 'ServiceAccount')
      return subject;
    return { ...subject, apiGroup: RBAC_GROUP };
  });
  const ref = objectAt(next, 'roleRef');
  const roleRef = textAt(ref, 'apiGroup') === '' ? { ...ref, apiGroup: RBAC_GROUP } : ref;
  return compact({ ...next, roleRef, subjects: subjects.length > 0 ? subjects : next.subjects });
}

function checkBinding(next: JsonObject, previous: JsonObject | undefined): readonly Cause[] {
  const ref = objectAt(next, 'roleRef');
  const kinds = textAt(next, 'kind') === 'ClusterRoleBinding' ? ['ClusterRole'] : ['Role', 'ClusterRole'];
  const [group, name] = [textAt(ref, 'apiGroup'), textAt(ref, 'name')];
  const causes: Cause[] = [];
  if (group !== RBAC_GROUP) causes.push(unsupported('roleRef.apiGroup', group, [RBAC_GROUP]));
  if (!kinds.includes(textAt(ref, 'kind'))) causes.push(unsupported('roleRef.kind', textAt(ref, 'kind'), kinds));
  if (name === '') causes.push(required('roleRef.name', ''));
  causes.push(...pathSegment(name, 'roleRef.name'));
  for (const [index, subject] of listAt(next, 'subjects').entries())
    causes.push(...checkSubject(subject, `subjects[${index}]`, kinds.includes('Role')));
  if (previous && !equal(ref, at(previous, 'roleRef'))) {
    const shownRef = { APIGroup: group, Kind: textAt(ref, 'kind'), Name: name };
    causes.push(invalidValue('roleRef', shownRef, 'cannot change roleRef'));
  }
  return causes;
}

/** @param inNamespace whether the binding has one: then an account without one is of the same. */
function checkSubject(subject: Json, path: string, inNamespace: boolean): readonly Cause[] {
  const [kind, name, group] = [textAt(subject, 'kind'), textAt(subject, 'name'), textAt(subject, 'apiGroup')];
  const causes: Cause[] = name === '' ? [required(`${path}.name`, '')] : [];
  if (kind === 'ServiceAccount') {
    if (name !== '') causes.push(...subdomain(name, `${path}.name`));
    if (group !== '') causes.push(unsupported(`${path}.apiGroup`, group, ['']));
    if (!inNamespace && textAt(subject, 'namespace') === '') causes.push(required(`${path}.namespace`, ''));
  } else if (kind === 'User' || kind === 'Group') {
    if (group !== RBAC_GROUP) causes.push(unsupported(`${path}.apiGroup`, group, [RBAC_GROUP]));
  } else causes.push(unsupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group']));
  return causes;
}
