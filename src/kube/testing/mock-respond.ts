// What the mock API server answers: verbs of the Kubernetes API carried out on its store.
import type { IncomingMessage } from 'node:http';
import { at, isRecord, stringAt } from '../json.ts';
import { applied, updated, type Fields } from './mock-apply.ts';
import type { MockStore } from './mock-store.ts';
import { labelSelector, type WatchRequest } from './mock-watch.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface MockOptions {
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string; readonly requestCert?: boolean };
  /** Refuse sendInitialEvents, as servers before 1.32 do. */
  readonly refuseStreams?: boolean;
}

export type Answer =
  | { readonly kind: 'body'; readonly code: number; readonly body: unknown }
  | { readonly kind: 'watch'; readonly request: WatchRequest };

interface Target {
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** The API server's answer to one request, carried out on the store. */
export function respond(store: MockStore, request: SeenRequest, options: MockOptions): Answer {
  const target = targetOf(request.path);
  if (!target) return status(404, 'NotFound');
  const key = target.namespace === undefined ? (target.name ?? '') : `${target.namespace}/${target.name ?? ''}`;
  const live = target.name === undefined ? undefined : store.get(target.collection, key);
  if (request.method === 'GET') {
    if (target.name === undefined) return listOrWatch(store, target, request, options);
    return live ? body(200, target.subresource === 'scale' ? scaleOf(live) : live) : status(404, 'NotFound');
  }
  const precondition = refuse(request, live);
  if (precondition) return precondition;
  if (request.method === 'DELETE') return body(200, store.remove(target.collection, key) ?? {});
  const manager = request.query.get('fieldManager') ?? 'unknown';
  const sent = parseFields(request.body);
  if (request.method === 'POST') {
    const newKey =
      target.namespace === undefined ? keyIn(sent) : `${target.namespace}/${stringAt(sent, 'metadata', 'name') ?? ''}`;
    if (store.get(target.collection, newKey)) return status(409, 'AlreadyExists');
    return body(201, save(store, target.collection, newKey, updated(undefined, sent, manager), request));
  }
  if (request.headers['content-type']?.startsWith('application/apply-patch') === true) {
    const outcome = applied(live, sent, manager, request.query.get('force') === 'true');
    if (outcome.conflicts.length > 0) return fieldConflict(outcome.conflicts);
    if (live && JSON.stringify(outcome.object) === JSON.stringify(live)) return body(200, live);
    return body(live ? 200 : 201, save(store, target.collection, key, outcome.object, request));
  }
  if (!live) return status(404, 'NotFound');
  const next = nextOf(request, target, live, sent);
  return typeof next === 'number'
    ? status(next, 'Invalid')
    : body(200, shown(target, save(store, target.collection, key, updated(live, next, manager), request)));
}

function nextOf(request: SeenRequest, target: Target, live: Fields, sent: Fields): Fields | number {
  if (target.subresource === 'scale') return merged(live, { spec: { replicas: at(sent, 'spec', 'replicas') } });
  if (request.method === 'PUT') return target.subresource === 'status' ? { ...live, status: sent.status } : sent;
  if (request.headers['content-type'] === 'application/merge-patch+json') return merged(live, sent);
  return jsonPatched(live, request.body) ?? 422;
}

function shown(target: Target, object: Fields): Fields {
  return target.subresource === 'scale' ? scaleOf(object) : object;
}

/** uid and resourceVersion in what is sent, or in delete preconditions, must be those stored. */
function refuse(request: SeenRequest, live: Fields | undefined): Answer | undefined {
  if (request.method === 'POST') return undefined;
  if (!live && request.method === 'DELETE') return status(404, 'NotFound');
  const sent = request.body.startsWith('[') ? {} : parseFields(request.body);
  const wanted = request.method === 'DELETE' ? sent.preconditions : sent.metadata;
  // An apply that makes an object may name any version, as no other write may.
  const makes = !live && request.headers['content-type']?.startsWith('application/apply-patch') === true;
  for (const field of makes ? ['uid'] : ['uid', 'resourceVersion']) {
    const value = stringAt(wanted, field);
    if (value !== undefined && value !== at(live, 'metadata', field)) return status(409, 'Conflict');
  }
  return undefined;
}

function save(store: MockStore, collection: string, key: string, object: Fields, request: SeenRequest): Fields {
  return request.query.get('dryRun') === 'All' ? object : store.put(collection, key, object);
}

function listOrWatch(store: MockStore, target: Target, request: SeenRequest, options: MockOptions): Answer {
  const { query } = request;
  const inLabels = labelSelector(query.get('labelSelector') ?? '');
  const selects = (object: Fields): boolean =>
    inLabels(object) &&
    (target.namespace === undefined || stringAt(object, 'metadata', 'namespace') === target.namespace);
  if (query.get('watch') === '1') {
    if (options.refuseStreams === true && query.has('sendInitialEvents')) return status(422, 'Invalid');
    return { kind: 'watch', request: { collection: target.collection, query, kind: 'Object', selects } };
  }
  const token = query.get('continue');
  const [from, version] =
    token === null ? ['', store.version] : [token.slice(token.indexOf(':') + 1), Number(token.split(':')[0])];
  if (token !== null && store.since(version) === undefined) return status(410, 'Expired');
  const limit = Number(query.get('limit') ?? 0) || Infinity;
  const rest = store.all(target.collection).filter(([key, object]) => key > from && selects(object));
  const page = rest.slice(0, limit);
  const next = rest.length > page.length ? `${version}:${page.at(-1)?.[0] ?? ''}` : '';
  const metadata = { resourceVersion: String(version), ...(next === '' ? {} : { continue: next }) };
  return body(200, { kind: 'List', apiVersion: 'v1', metadata, items: page.map(([, object]) => object) });
}

function targetOf(path: string): Target | undefined {
  const match =
    /^(?<root>\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/(?<ns>[^/]+)(?=\/[^/]+))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<sub>[^/]+))?$/.exec(
      path,
    );
  if (!match?.groups) return undefined;
  const { root = '', ns, plural = '', name, sub } = match.groups;
  return { collection: `${root}/${plural}`, namespace: ns, name, subresource: sub };
}

export function keyIn(object: Fields): string {
  const [namespace, name] = [stringAt(object, 'metadata', 'namespace'), stringAt(object, 'metadata', 'name') ?? ''];
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function merged(live: Fields, patch: Fields): Fields {
  const next: Record<string, unknown> = { ...live };
  for (const [field, value] of Object.entries(patch)) {
    const below = next[field];
    if (value === null) delete next[field];
    else next[field] = isRecord(value) ? merged(isRecord(below) ? below : {}, value) : value;
  }
  return next;
}

/** JSON patch as far as the tests use it: replace and test of fields of maps. */
function jsonPatched(live: Fields, text: string): Fields | undefined {
  let next = live;
  const operations: unknown = JSON.parse(text);
  for (const operation of Array.isArray(operations) ? operations.filter(isRecord) : []) {
    const steps = (stringAt(operation, 'path') ?? '')
      .slice(1)
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (operation.op === 'test' && at(next, ...steps) !== operation.value) return undefined;
    if (operation.op === 'replace')
      next = merged(
        next,
        steps.reduceRight<Fields>(
          (below, step, i) => ({ [step]: i === steps.length - 1 ? operation.value : below }),
          {},
        ),
      );
  }
  return next;
}

function scaleOf(object: Fields): Fields {
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: object.metadata,
    spec: { replicas: at(object, 'spec', 'replicas') },
    status: { replicas: at(object, 'status', 'replicas') ?? 0, selector: 'app=web' },
  };
}

function body(code: number, value: unknown): Answer {
  return { kind: 'body', code, body: value };
}

export function status(code: number, reason: string, details: unknown = {}): Answer {
  return body(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: reason, details });
}

function fieldConflict(conflicts: readonly { readonly field: string; readonly manager: string }[]): Answer {
  const causes = conflicts.map(({ field, manager }) => ({
    reason: 'FieldManagerConflict',
    field,
    message: `conflict with "${manager}"`,
  }));
  return status(409, 'Conflict', { causes });
}

function parseFields(text: string): Fields {
  const value: unknown = text === '' ? {} : JSON.parse(text);
  return isRecord(value) ? value : {};
}
