import { judgeAccess, review } from '../admission/access.ts';
import {
  ApiError,
  badRequest,
  forbidden,
  methodNotAllowed,
  nameless,
  noSuchPath,
  notFound,
  unsupportedMedia,
} from '../api-error.ts';
import { type Json, type JsonObject, textAt, withAt } from '../json.ts';
import { BUILTIN_TYPES } from '../kinds/builtin-types.ts';
import { decodeMessage, openEnvelope, PROTOBUF } from '../kinds/protobuf.ts';
import { isStored } from '../kinds/registry.ts';
import { keyOf, type Resource } from '../kinds/resource.ts';
import { nameOf, namespaceOf } from '../meta.ts';
import { ownUpdate } from '../ownership/own.ts';
import type { Plane } from '../plane.ts';
import { asObject, parseBody, screen, unrecognized, UNTYPED } from '../verbs/decode.ts';
import { deletedStatus, deleteObject, deleteOptions } from '../verbs/delete.ts';
import { list, parseVersion } from '../verbs/list.ts';
import { writeOptions, type WriteOptions } from '../verbs/options.ts';
import { patchObject, read } from '../verbs/patch.ts';
import { replaceScale, scaleChange, scaleOf, writeScale } from '../verbs/scale.ts';
import { scanJson } from '../verbs/scan-json.ts';
import { watch } from '../verbs/watch.ts';
import {
  create,
  type Place,
  type Proposal,
  requireSame,
  requireUnconditional,
  update,
  writerOf,
} from '../verbs/write.ts';
import type { User } from './authenticate.ts';
import { answer, answerError, type ApiRequest, type ApiResponse, JSON_TYPE } from './message.ts';
import { type Accepted, negotiate } from './negotiate.ts';
import { presentList, presentObject } from './present.ts';
import type { Target } from './route.ts';

/** A path under a custom resource that the server has no handler for: it is not even told in JSON. */
export class UnknownPathError extends Error {
  readonly code = 'UnknownPath';
}

/** A request for a resource, with all that the verbs need. */
interface Call {
  readonly request: ApiRequest;
  readonly url: URL;
  readonly target: Target;
  readonly user: User;
}

interface Ready extends Call {
  readonly plane: Plane;
  readonly resource: Resource;
  readonly place: Place;
  readonly verb: string;
  readonly accepted: Accepted;
  readonly contentType: string;
  readonly options: WriteOptions;
}

/** @throws ApiError for everything that is not a success. */
export async function handleResource(plane: Plane, call: Call): Promise<ApiResponse> {
  const { target, request, url, user } = call;
  const resource = plane.registry.find(target.group, target.version, target.plural);
  if (!resource) {
    const served = plane.registry
      .groups()
      .some(({ name, versions }) => name === target.group && versions.includes(target.version));
    throw served ? noSuchPath() : new UnknownPathError();
  }
  if (target.namespace !== '' && !resource.namespaced) throw new UnknownPathError();
  const verb = verbOf(request.method, target, url);
  authorize(plane, user, verb, target);
  checkSubresource(resource, target);
  const place = { resource, namespace: target.namespace, name: target.name, subresource: target.subresource };
  const options = writeOptions(request.method, url.searchParams, request.headers?.['user-agent'] ?? '', user);
  const accepted = negotiate(request.headers?.accept);
  const contentType = (request.headers?.['content-type'] ?? JSON_TYPE).split(';')[0]?.trim() ?? JSON_TYPE;
  if (resource.deprecation !== undefined) options.warnings.push(resource.deprecation);
  try {
    const response = await dispatch({ ...call, plane, resource, place, verb, accepted, contentType, options });
    return withWarnings(response, options.warnings);
  } catch (cause) {
    if (cause instanceof ApiError) return withWarnings(answerError(cause), options.warnings);
    throw cause;
  }
}

function verbOf(method: string, target: Target, url: URL): string {
  switch (method) {
    case 'GET':
    case 'HEAD': {
      if (['true', '1'].includes(url.searchParams.get('watch') ?? '') && target.subresource === '') return 'watch';
      return target.name === '' ? 'list' : 'get';
    }
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return target.name === '' ? 'deletecollection' : 'delete';
    default:
      throw methodNotAllowed();
  }
}

function authorize(plane: Plane, user: User, verb: string, target: Target): void {
  const resource = target.subresource === '' ? target.plural : `${target.plural}/${target.subresource}`;
  const access = { verb, group: target.group, resource, namespace: target.namespace, name: target.name, path: '' };
  if (judgeAccess(plane.store, user, access).allowed || isOwnReview(target)) return;
  const scope = target.namespace === '' ? 'at the cluster scope' : `in the namespace "${target.namespace}"`;
  const why = `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${target.group}" ${scope}`;
  throw forbidden(target, target.name, why);
}

/** Everybody may ask about themselves. */
const isOwnReview = ({ plural }: Target): boolean => plural.startsWith('selfsubject');

function checkSubresource(resource: Resource, { subresource, name }: Target): void {
  const known =
    subresource === '' ||
    (subresource === 'status' && resource.status) ||
    (subresource === 'scale' && resource.scale !== undefined) ||
    (subresource === 'finalize' && resource.finalize);
  if (known && (subresource === '' || name !== '')) return;
  throw resource.typeName === undefined ? notFound(resource, name) : noSuchPath();
}

function dispatch(call: Ready): Promise<ApiResponse> | ApiResponse {
  const { resource, verb, target } = call;
  if (!isStored(resource)) {
    if (verb !== 'create') throw methodNotAllowed();
    return answerReview(call);
  }
  if (target.subresource === 'scale' && resource.scale) return dispatchScale(call, resource);
  switch (verb) {
    case 'get':
      parseVersion(call.url.searchParams.get('resourceVersion') || '0');
      return show(call, 200, read(call.plane, call.place));
    case 'list':
      return answerList(call);
    case 'watch':
      return answerWatch(call);
    case 'create':
      return answerCreate(call);
    case 'update':
      return answerUpdate(call);
    case 'patch':
      return answerPatch(call);
    case 'delete':
      return answerDelete(call);
    default:
      if (!resource.verbs.includes('deletecollection')) throw methodNotAllowed();
      return answerDeleteCollection(call);
  }
}

function show({ plane, resource, accepted, url }: Ready, status: number, object: JsonObject): ApiResponse {
  const include = url.searchParams.get('includeObject') ?? 'Metadata';
  return answer(status, presentObject(object, resource, accepted, plane.clock.now(), include));
}

function answerList({ plane, resource, accepted, url, target }: Ready): ApiResponse {
  const { objects, meta } = list(plane, resource, target.namespace, url.searchParams);
  const include = url.searchParams.get('includeObject') ?? 'Metadata';
  return answer(200, presentList(objects, resource, accepted, plane.clock.now(), include, meta));
}

function answerWatch(call: Ready): ApiResponse {
  const { resource, target, url, accepted } = call;
  const open = watch(call.plane, {
    resource,
    namespace: target.namespace,
    name: target.name,
    query: url.searchParams,
    accepted,
  });
  return {
    status: 200,
    headers: { 'content-type': JSON_TYPE, 'cache-control': 'no-cache, private' },
    body: { kind: 'stream', open },
  };
}

/** The object in a request body. */
function bodyObject(call: Ready): JsonObject {
  const { resource, options, contentType, request } = call;
  const refuse = (why: string): ApiError => unrecognized(resource.kind, `${UNTYPED}: ${why}`, textOf(request));
  const object = asObject(bodyValue(call, resource.typeName, refuse), resource);
  const text = contentType === JSON_TYPE && options.validation !== 'Ignore' ? textOf(request) : '';
  return screen(object, resource, options, { duplicates: scanJson(text).duplicates, refuse: undefined });
}

const textOf = ({ body }: ApiRequest): string => (typeof body === 'string' ? body : (body?.toString('utf8') ?? ''));

/** A request body as a value: JSON, YAML, or for the built-in type `typeName` protobuf. */
function bodyValue(
  { request, contentType }: Ready,
  typeName: string | undefined,
  refuse: (why: string) => ApiError,
): Json {
  if (contentType === JSON_TYPE || contentType === 'application/yaml') {
    return parseBody(textOf(request), contentType === 'application/yaml', refuse);
  }
  if (contentType !== PROTOBUF || typeName === undefined) throw unsupportedMedia(BODY_TYPES);
  const { apiVersion, kind, raw } = openEnvelope(Buffer.from(request.body ?? ''));
  return { apiVersion, kind, ...decodeMessage(raw, typeName, BUILTIN_TYPES) };
}

const BODY_TYPES = [JSON_TYPE, 'application/yaml', PROTOBUF];

/** DeleteOptions are optional. */
const deleteBody = (call: Ready): Json | undefined =>
  call.request.body === undefined || call.request.body.length === 0
    ? undefined
    : bodyValue(call, 'meta.v1.DeleteOptions', (why) => badRequest(`${UNTYPED}: ${why}`));

async function answerCreate(call: Ready): Promise<ApiResponse> {
  const { resource, target, place, plane, options } = call;
  if (target.name !== '') throw methodNotAllowed();
  const object = bodyObject(call);
  if (resource.namespaced && target.namespace === '') {
    throw badRequest('an empty namespace may not be set during creation');
  }
  return show(call, 201, await create(plane, place, object, options));
}

async function answerUpdate(call: Ready): Promise<ApiResponse> {
  const { resource, plane, place, options, target } = call;
  if (target.name === '') throw methodNotAllowed();
  const object = bodyObject(call);
  const name = textAt(object, 'metadata', 'name');
  if (name === '') throw nameless(target.name);
  if (name !== target.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
  const stored = plane.store.get(resource.collection, keyOf(resource, target.namespace, target.name));
  if (!stored && resource.createOnUpdate) {
    const version = textAt(object, 'metadata', 'resourceVersion');
    const bare = withAt(object, ['metadata', 'resourceVersion'], undefined);
    const created = await create(plane, place, bare, options);
    // What is not stored keeps the version that it came with.
    const kept = options.dryRun && version !== '';
    return show(call, 201, kept ? withAt(created, ['metadata', 'resourceVersion'], version) : created);
  }
  if (stored && textAt(object, 'metadata', 'resourceVersion') === '') requireUnconditional(place);
  const propose = (current: JsonObject): Proposal => {
    requireSame(object, current, place, options.dryRun);
    return { object };
  };
  return show(call, 200, await update(plane, place, options, propose));
}

async function answerPatch(call: Ready): Promise<ApiResponse> {
  const { plane, place, contentType, request, options, target } = call;
  if (target.name === '') throw methodNotAllowed();
  const { object, created } = await patchObject(plane, place, contentType, textOf(request), options);
  return show(call, created ? 201 : 200, object);
}

async function answerDelete(call: Ready): Promise<ApiResponse> {
  const { plane, place, url, options, resource, target } = call;
  if (target.subresource !== '') throw methodNotAllowed();
  const body = deleteBody(call);
  const deleted = await deleteObject(plane, place, deleteOptions(body, url.searchParams), options);
  if (deleted.kind === 'waiting' || resource.returnsDeleted) return show(call, 200, deleted.object);
  return answer(200, deletedStatus(resource, target.name, deleted.object));
}

async function answerDeleteCollection(call: Ready): Promise<ApiResponse> {
  const { plane, url, options, resource, target } = call;
  const body = deleteBody(call);
  const { objects, meta } = list(plane, resource, target.namespace, url.searchParams);
  const deleted: JsonObject[] = [];
  for (const object of objects) {
    const place = { resource, namespace: namespaceOf(object), name: nameOf(object), subresource: '' };
    deleted.push((await deleteObject(plane, place, deleteOptions(body, url.searchParams), options)).object);
  }
  return answer(200, presentList(deleted, resource, call.accepted, plane.clock.now(), 'Metadata', meta));
}

async function dispatchScale(call: Ready, resource: Resource): Promise<ApiResponse> {
  const { scale } = resource;
  if (!scale) throw noSuchPath();
  if (call.verb === 'get')
    return answer(200, scaleOf(read(call.plane, call.place), scale, resource.typeName === undefined));
  if (call.verb !== 'update' && call.verb !== 'patch') throw methodNotAllowed();
  const change =
    call.verb === 'update'
      ? replaceScale(bodyValue(call, 'autoscaling.v1.Scale', badRequest))
      : scaleChange(call.contentType, textOf(call.request), resource.typeName === undefined);
  return answer(200, await writeScale(call.plane, call.place, scale, change, call.options));
}

function answerReview(call: Ready): ApiResponse {
  const object = bodyObject(call);
  const writer = writerOf(call.plane, call.resource, '', call.options);
  const owned = ownUpdate(undefined, object, call.resource.schema, writer);
  return answer(201, review(call.plane.store, call.user, owned, call.target.namespace));
}

/** Warnings in HTTP's own header, as kubectl prints them. */
function withWarnings(response: ApiResponse, warnings: readonly string[]): ApiResponse {
  if (warnings.length === 0) return response;
  const quoted = [...new Set(warnings)].map(
    (text) => `299 - "${text.replaceAll(/[\\"]/g, (letter) => `\\${letter}`)}"`,
  );
  return { ...response, headers: { ...response.headers, warning: quoted.join(', ') } };
}
