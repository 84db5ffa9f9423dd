import { randomUUID } from 'node:crypto';
import { ApiError, internalError } from '../api-error.ts';
import {
  at,
  byText,
  isList,
  isObject,
  type Json,
  type JsonObject,
  listAt,
  objectAt,
  parseJson,
  textAt,
  textsAt,
} from '../json.ts';
import { labelsOf } from '../meta.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { matchesLabels, readLabelSelector } from '../select/label-selector.ts';
import type { Store } from '../store/store.ts';
import type { Attempt, Hooks } from './hooks.ts';

/** Posts a review to a webhook and returns what it says. Throws if it cannot be reached or makes no sense. */
export type Post = (config: JsonObject, review: JsonObject, timeoutSeconds: number) => Promise<Json>;

const GROUP = 'admissionregistration.k8s.io';

/** Calls the webhooks that are configured in the store, in the order of their configurations' names. */
export function createHooks(store: Store, post: Post): Hooks {
  const hooksOf = (plural: string, attempt: Attempt): readonly JsonObject[] =>
    store
      .list(`${GROUP}/${plural}`)
      .map((entry) => entry.object)
      .sort((left, right) => byText(textAt(left, 'metadata', 'name'), textAt(right, 'metadata', 'name')))
      .flatMap((configuration) => listAt(configuration, 'webhooks').filter((hook: Json) => isObject(hook)))
      .filter((hook) => concerns(hook, attempt, store));

  return {
    async mutate(attempt, object) {
      let current = object;
      for (const hook of hooksOf('mutatingwebhookconfigurations', { ...attempt, object })) {
        current = await ask(hook, { ...attempt, object: current }, post, current);
      }
      return current;
    },
    async validate(attempt) {
      const hooks = hooksOf('validatingwebhookconfigurations', attempt);
      await Promise.all(hooks.map((hook) => ask(hook, attempt, post, {})));
    },
  };
}

/** Configurations of webhooks are never sent to webhooks, so that a broken one can be repaired. */
function concerns(hook: JsonObject, attempt: Attempt, store: Store): boolean {
  const { resource } = attempt;
  if (resource.group === GROUP) return false;
  if (!listAt(hook, 'rules').some((rule) => ruleCovers(rule, attempt))) return false;
  const object = attempt.object ?? attempt.old ?? {};
  const previous = attempt.old ?? {};
  const selector = readLabelSelector(hook.objectSelector);
  if (!matchesLabels(selector, labelsOf(object)) && !matchesLabels(selector, labelsOf(previous))) return false;
  return namespaceMatches(hook, attempt, store);
}

function namespaceMatches(hook: JsonObject, { resource, namespace, object, old }: Attempt, store: Store): boolean {
  const selector = readLabelSelector(hook.namespaceSelector);
  if (resource.plural === 'namespaces' && resource.group === '')
    return matchesLabels(selector, labelsOf(object ?? old ?? {}));
  if (!resource.namespaced) return true;
  const found = store.get('/namespaces', namespace);
  return matchesLabels(selector, found ? labelsOf(found) : {});
}

function ruleCovers(rule: Json, { resource, operation, subresource }: Attempt): boolean {
  const has = (field: string, wanted: string): boolean => {
    const values = textsAt(rule, field);
    return values.includes('*') || values.includes(wanted);
  };
  const scope = textAt(rule, 'scope');
  const inScope = scope === '' || scope === '*' || (scope === 'Namespaced') === resource.namespaced;
  const wanted =
    subresource === ''
      ? [resource.plural, '*']
      : [`${resource.plural}/${subresource}`, `*/${subresource}`, `${resource.plural}/*`];
  const covered = textsAt(rule, 'resources').some((name) => name === '*/*' || wanted.includes(name));
  return (
    has('operations', operation) &&
    has('apiGroups', resource.group) &&
    has('apiVersions', resource.version) &&
    inScope &&
    covered
  );
}

/** Asks one webhook. @returns the object with its patch. @throws ApiError when it refuses, or fails and must not. */
async function ask(hook: JsonObject, attempt: Attempt, post: Post, object: JsonObject): Promise<JsonObject> {
  const name = textAt(hook, 'name');
  const seconds = at(hook, 'timeoutSeconds');
  const review = reviewOf(attempt);
  let response: JsonObject;
  try {
    const reply = await post(objectAt(hook, 'clientConfig'), review, typeof seconds === 'number' ? seconds : 10);
    response = objectAt(reply, 'response');
    if (textAt(response, 'uid') !== textAt(review, 'request', 'uid'))
      throw new Error('the response is not for this request');
  } catch (cause) {
    if (textAt(hook, 'failurePolicy') === 'Ignore') return object;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw internalError(`failed calling webhook "${name}": ${why}`);
  }
  attempt.warnings.push(...textsAt(response, 'warnings'));
  if (response.allowed !== true) throw refusal(name, response);
  return patched(object, response);
}

function refusal(name: string, response: JsonObject): ApiError {
  const status = objectAt(response, 'status');
  const code = typeof status.code === 'number' && status.code >= 400 ? status.code : 403;
  const reason = textAt(status, 'message') || textAt(status, 'reason');
  const message = reason === '' ? 'denied the request without explanation' : `denied the request: ${reason}`;
  return new ApiError(code, textAt(status, 'reason') || 'Forbidden', `admission webhook "${name}" ${message}`);
}

function patched(object: JsonObject, response: JsonObject): JsonObject {
  const patch = textAt(response, 'patch');
  if (patch === '') return object;
  const operations = parseJson(Buffer.from(patch, 'base64').toString('utf8'));
  if (!isList(operations)) throw internalError('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  if (operations.length === 0) return object;
  const next = jsonPatch(object, operations);
  return isObject(next) ? next : object;
}

function reviewOf(attempt: Attempt): JsonObject {
  const { resource } = attempt;
  const kind = { group: resource.group, version: resource.version, kind: resource.kind };
  const plural = { group: resource.group, version: resource.version, resource: resource.plural };
  const part =
    attempt.subresource === '' ? {} : { subResource: attempt.subresource, requestSubResource: attempt.subresource };
  const placed = attempt.namespace === '' ? {} : { namespace: attempt.namespace };
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: randomUUID(),
      kind,
      resource: plural,
      requestKind: kind,
      requestResource: plural,
      ...part,
      ...(attempt.name === '' ? {} : { name: attempt.name }),
      ...placed,
      operation: attempt.operation,
      userInfo: { username: attempt.user.name, groups: attempt.user.groups },
      object: attempt.object ?? null,
      oldObject: attempt.old ?? null,
      dryRun: attempt.dryRun,
      options: { kind: optionsKind(attempt), apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

const optionsKind = ({ operation }: Attempt): string =>
  ({ CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' })[operation];
