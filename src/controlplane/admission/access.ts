import { isObject, type Json, type JsonObject, listAt, objectAt, textAt, textsAt } from '../json.ts';
import { namespaceOf } from '../meta.ts';
import type { User } from '../server/authenticate.ts';
import type { Store } from '../store/store.ts';

/** What somebody wants to do, in RBAC's words. */
export interface Access {
  readonly verb: string;
  readonly group: string;
  /** `pods`, `pods/log`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** Set instead of a resource. */
  readonly path: string;
}

export interface Verdict {
  readonly allowed: boolean;
  readonly reason: string;
}

const RBAC = 'rbac.authorization.k8s.io';

/** RBAC: allowed if a role that is bound to the user has a rule for it. Masters may do everything. */
export function judgeAccess(store: Store, user: User, access: Access): Verdict {
  if (user.groups.includes('system:masters')) return { allowed: true, reason: '' };
  if (access.path !== '' && DISCOVERY.test(access.path) && access.verb === 'get') return { allowed: true, reason: '' };
  for (const { binding, subject, rules } of boundRules(store, user, access.namespace)) {
    if (rules.some((rule) => admits(rule, access))) return { allowed: true, reason: describeGrant(binding, subject) };
  }
  return { allowed: false, reason: '' };
}

/** Everybody who is known may look what there is. */
const DISCOVERY = /^\/(?:api|apis|openapi|version|healthz|livez|readyz)(?:\/|$)/;

function describeGrant(binding: JsonObject, subject: Json): string {
  const named = (object: Json): string => {
    const namespace = textAt(object, 'metadata', 'namespace');
    return JSON.stringify(textAt(object, 'metadata', 'name') + (namespace === '' ? '' : `/${namespace}`));
  };
  const role = `${textAt(binding, 'roleRef', 'kind')} ${JSON.stringify(textAt(binding, 'roleRef', 'name'))}`;
  const place = textAt(subject, 'namespace');
  const to = `${textAt(subject, 'kind')} ${JSON.stringify(textAt(subject, 'name') + (place === '' ? '' : `/${place}`))}`;
  return `RBAC: allowed by ${textAt(binding, 'kind')} ${named(binding)} of ${role} to ${to}`;
}

interface Bound {
  readonly subject: Json;
  readonly binding: JsonObject;
  readonly rules: readonly Json[];
}

/** Every rule that holds for a user in a namespace (empty: in the whole cluster). */
function boundRules(store: Store, user: User, namespace: string): readonly Bound[] {
  const cluster = store.list(`${RBAC}/clusterrolebindings`).map((entry) => entry.object);
  const local = namespace === '' ? [] : store.list(`${RBAC}/rolebindings`).map((entry) => entry.object);
  return [...cluster, ...local.filter((binding) => namespaceOf(binding) === namespace)].flatMap((binding) => {
    const subject = listAt(binding, 'subjects').find((item) => isSubject(item, user, namespaceOf(binding)));
    return subject === undefined ? [] : [{ binding, subject, rules: rulesOf(store, binding) }];
  });
}

function rulesOf(store: Store, binding: JsonObject): readonly Json[] {
  const name = textAt(binding, 'roleRef', 'name');
  const isCluster = textAt(binding, 'roleRef', 'kind') === 'ClusterRole';
  const role = isCluster
    ? store.get(`${RBAC}/clusterroles`, name)
    : store.get(`${RBAC}/roles`, `${namespaceOf(binding)}/${name}`);
  return listAt(role, 'rules');
}

function isSubject(subject: Json, user: User, namespace: string): boolean {
  const name = textAt(subject, 'name');
  switch (textAt(subject, 'kind')) {
    case 'User':
      return name === user.name;
    case 'Group':
      return user.groups.includes(name);
    case 'ServiceAccount':
      return user.name === `system:serviceaccount:${textAt(subject, 'namespace') || namespace}:${name}`;
    default:
      return false;
  }
}

function admits(rule: Json, access: Access): boolean {
  const has = (field: string, wanted: string): boolean => {
    const values = textsAt(rule, field);
    return values.includes('*') || values.includes(wanted);
  };
  if (!has('verbs', access.verb)) return false;
  if (access.path !== '') {
    return textsAt(rule, 'nonResourceURLs').some((url) =>
      url.endsWith('*') ? access.path.startsWith(url.slice(0, -1)) : url === access.path,
    );
  }
  const names = textsAt(rule, 'resourceNames');
  const part = access.resource.split('/')[1];
  const resource =
    has('resources', access.resource) || (part !== undefined && textsAt(rule, 'resources').includes(`*/${part}`));
  return has('apiGroups', access.group) && resource && (names.length === 0 || names.includes(access.name));
}

/** Answers the review kinds: who am I, may I, may somebody. */
export function review(store: Store, user: User, object: JsonObject, namespace: string): JsonObject {
  const spec = objectAt(object, 'spec');
  switch (textAt(object, 'kind')) {
    case 'SelfSubjectReview':
      return { ...object, status: { userInfo: { username: user.name, groups: user.groups } } };
    case 'SelfSubjectRulesReview':
      return { ...object, status: rulesReview(store, user, textAt(spec, 'namespace')) };
    case 'SelfSubjectAccessReview':
      return { ...object, status: accessStatus(judgeAccess(store, user, accessOf(spec, namespace))) };
    default: {
      const other = { name: textAt(spec, 'user'), groups: textsAt(spec, 'groups') };
      return { ...object, status: accessStatus(judgeAccess(store, other, accessOf(spec, namespace))) };
    }
  }
}

function accessOf(spec: JsonObject, namespace: string): Access {
  const wanted = objectAt(spec, 'resourceAttributes');
  const part = textAt(wanted, 'subresource');
  const resource = textAt(wanted, 'resource');
  const other = objectAt(spec, 'nonResourceAttributes');
  return {
    verb: textAt(isObject(spec.nonResourceAttributes) ? other : wanted, 'verb'),
    group: textAt(wanted, 'group'),
    resource: part === '' ? resource : `${resource}/${part}`,
    namespace: namespace || textAt(wanted, 'namespace'),
    name: textAt(wanted, 'name'),
    path: textAt(other, 'path'),
  };
}

const accessStatus = ({ allowed, reason }: Verdict): JsonObject => (reason === '' ? { allowed } : { allowed, reason });

function rulesReview(store: Store, user: User, namespace: string): JsonObject {
  const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
  const anywhere = { verbs: ['*'], nonResourceURLs: ['*'] };
  if (user.groups.includes('system:masters'))
    return { resourceRules: [everything], nonResourceRules: [anywhere], incomplete: false };
  const rules = boundRules(store, user, namespace).flatMap((bound) => bound.rules);
  return {
    resourceRules: rules.filter((rule) => listAt(rule, 'resources').length > 0),
    nonResourceRules: rules.filter((rule) => listAt(rule, 'nonResourceURLs').length > 0),
    incomplete: false,
  };
}
