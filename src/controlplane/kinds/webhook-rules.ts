// Defaulting and validation of webhook configurations.
import { type Cause, duplicate, forbiddenField, invalidValue, required, unsupported } from '../api-error.ts';
import { at, isObject, type Json, type JsonObject, listAt, objectAt, plain, textAt, textsAt, withAt } from '../json.ts';
import { dns1035Label, qualifiedName, subdomain } from '../names.ts';
import type { Rules } from './resource.ts';

export function webhookRules(mutating: boolean): Rules {
  return {
    prepare(next) {
      const hooks = listAt(next, 'webhooks').map((hook) => defaultWebhook(hook, mutating));
      return withAt(next, ['webhooks'], hooks.length > 0 ? hooks : undefined);
    },
    check(next) {
      const names = listAt(next, 'webhooks').map((hook) => textAt(hook, 'name'));
      return listAt(next, 'webhooks').flatMap((hook, index) => [
        ...checkWebhook(hook, `webhooks[${index}]`),
        ...(names.indexOf(names[index] ?? '') < index
          ? [duplicate(`webhooks[${index}].name`, names[index] ?? '')]
          : []),
      ]);
    },
  };
}

function defaultWebhook(hook: Json, mutating: boolean): Json {
  if (!isObject(hook)) return hook;
  const service = at(hook, 'clientConfig', 'service');
  const config = isObject(service)
    ? { ...objectAt(hook, 'clientConfig'), service: { port: 443, ...service } }
    : objectAt(hook, 'clientConfig');
  const rules = listAt(hook, 'rules').map((rule) => (isObject(rule) ? { scope: '*', ...rule } : rule));
  return {
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
    ...(mutating ? { reinvocationPolicy: 'Never' } : {}),
    ...hook,
    clientConfig: config,
    ...(rules.length > 0 ? { rules } : {}),
  };
}

function checkWebhook(hook: Json, path: string): readonly Cause[] {
  const seconds = at(hook, 'timeoutSeconds');
  const effects = at(hook, 'sideEffects');
  return [
    ...checkName(textAt(hook, 'name'), `${path}.name`),
    ...listAt(hook, 'rules').flatMap((rule, index) => checkRule(rule, `${path}.rules[${index}]`)),
    ...oneOf(at(hook, 'failurePolicy'), ['Fail', 'Ignore'], `${path}.failurePolicy`),
    ...oneOf(at(hook, 'matchPolicy'), ['Equivalent', 'Exact'], `${path}.matchPolicy`),
    ...oneOf(at(hook, 'reinvocationPolicy'), ['IfNeeded', 'Never'], `${path}.reinvocationPolicy`),
    ...(effects === undefined
      ? [required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun')]
      : oneOf(effects, ['None', 'NoneOnDryRun'], `${path}.sideEffects`)),
    ...(typeof seconds === 'number' && (seconds < 1 || seconds > 30)
      ? [invalidValue(`${path}.timeoutSeconds`, seconds, 'the timeout value must be between 1 and 30 seconds')]
      : []),
    ...['namespaceSelector', 'objectSelector'].flatMap((field) => checkSelector(at(hook, field), `${path}.${field}`)),
    ...checkConfig(objectAt(hook, 'clientConfig'), `${path}.clientConfig`),
    ...checkReviewVersions(textsAt(hook, 'admissionReviewVersions'), `${path}.admissionReviewVersions`),
    ...listAt(hook, 'matchConditions').flatMap((condition, index) =>
      ['name', 'expression']
        .filter((field) => textAt(condition, field) === '')
        .map((field) => required(`${path}.matchConditions[${index}].${field}`, '')),
    ),
  ];
}

const oneOf = (value: Json | undefined, allowed: readonly string[], field: string): readonly Cause[] =>
  value === undefined || allowed.includes(plain(value)) ? [] : [unsupported(field, value, allowed)];

function checkName(name: string, field: string): readonly Cause[] {
  if (name === '') return [required(field, '')];
  const wrong = subdomain(name, field);
  if (wrong.length > 0 || name.split('.').length > 2) return wrong;
  return [invalidValue(field, name, 'should be a domain with at least three segments separated by dots')];
}

function checkRule(rule: Json, path: string): readonly Cause[] {
  const lists = ['operations', 'apiGroups', 'apiVersions', 'resources'] as const;
  const words = { operations: 'operations', apiGroups: 'API groups', apiVersions: 'API versions', resources: '' };
  const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
  return [
    ...lists.flatMap((field) => {
      const values = textsAt(rule, field);
      if (values.length === 0) return [required(`${path}.${field}`, '')];
      if (field === 'resources' || values.length === 1 || !values.includes('*')) return [];
      return [invalidValue(`${path}.${field}`, values, `if '*' is present, must not specify other ${words[field]}`)];
    }),
    ...textsAt(rule, 'operations').flatMap((name, index) => oneOf(name, operations, `${path}.operations[${index}]`)),
    ...(['apiVersions', 'resources'] as const).flatMap((field) =>
      textsAt(rule, field).flatMap((name, index) => (name === '' ? [required(`${path}.${field}[${index}]`, '')] : [])),
    ),
    ...oneOf(at(rule, 'scope'), ['*', 'Cluster', 'Namespaced'], `${path}.scope`),
  ];
}

function checkSelector(selector: Json | undefined, path: string): readonly Cause[] {
  return listAt(selector, 'matchExpressions').flatMap((expression, index) => {
    const field = `${path}.matchExpressions[${index}]`;
    const [operator, values] = [textAt(expression, 'operator'), listAt(expression, 'values')];
    const key = qualifiedName(textAt(expression, 'key'), `${field}.key`);
    if (operator === 'In' || operator === 'NotIn')
      return values.length > 0
        ? key
        : [...key, required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    if (operator === 'Exists' || operator === 'DoesNotExist')
      return values.length === 0
        ? key
        : [
            ...key,
            forbiddenField(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
          ];
    return [...key, invalidValue(`${field}.operator`, operator, 'not a valid selector operator')];
  });
}

const FORM = '; desired format: https://host[/path]';

function checkConfig(config: JsonObject, path: string): readonly Cause[] {
  const { url } = config;
  if ((typeof url === 'string') === isObject(config.service))
    return [required(path, 'exactly one of url or service is required')];
  if (typeof url !== 'string') return [];
  const { scheme = '', host = '', query, fragment, user } = URL_PARTS.exec(url)?.groups ?? {};
  const field = `${path}.url`;
  const refuse = (part: string | undefined, why: string): readonly Cause[] =>
    part === undefined || part === '' ? [] : [invalidValue(field, part, why)];
  return [
    ...(scheme === 'https' ? [] : [invalidValue(field, scheme, `'https' is the only allowed URL scheme${FORM}`)]),
    ...(host === '' ? [invalidValue(field, '', `host must be specified${FORM}`)] : []),
    ...refuse(user, 'user information is not permitted in the URL'),
    ...refuse(fragment, 'fragments are not permitted in the URL'),
    ...refuse(query, 'query parameters are not permitted in the URL'),
  ];
}

const URL_PARTS =
  /^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:(?<user>[^/?#@]*)@)?(?<host>[^/?#]*))?[^?#]*(?:\?(?<query>[^#]*))?(?:#(?<fragment>.*))?$/;

function checkReviewVersions(versions: readonly string[], field: string): readonly Cause[] {
  if (versions.length === 0) return [required(field, 'must specify one of v1, v1beta1')];
  const known = versions.some((version) => ['v1', 'v1beta1'].includes(version));
  return [
    ...versions.flatMap((version, index) =>
      versions.indexOf(version) < index
        ? [invalidValue(`${field}[${index}]`, version, 'duplicate version')]
        : dns1035Label(version, `${field}[${index}]`),
    ),
    ...(known ? [] : [invalidValue(field, versions, 'must include at least one of v1, v1beta1')]),
  ];
}
