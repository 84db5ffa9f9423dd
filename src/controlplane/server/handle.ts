import { judgeAccess } from '../admission/access.ts';
import { ApiError, forbidden, methodNotAllowed, noSuchPath } from '../api-error.ts';
import { aggregated, coreVersions, groupList, oneGroup, resourceList, rootPaths } from '../discovery/discovery.ts';
import { openApi, openApiRoot } from '../discovery/openapi.ts';
import { faultError } from '../faults/faults.ts';
import { faultySink } from '../faults/faulty-sink.ts';
import type { JsonObject } from '../json.ts';
import { BUILTIN_TYPES } from '../kinds/builtin-types.ts';
import type { Plane } from '../plane.ts';
import { authenticate, type User } from './authenticate.ts';
import { answer, answerError, type ApiRequest, type ApiResponse, type Body } from './message.ts';
import { aggregatedVersion } from './negotiate.ts';
import { handleResource, UnknownPathError } from './resource.ts';
import { type Route, routeOf } from './route.ts';

export interface Server {
  readonly plane: Plane;
  readonly token: string;
  /** host:port, once it is known. */
  readonly address: () => string;
  /** Hears of errors that are nobody's mistake but ours. */
  readonly report: (error: unknown) => void;
}

/** The whole server: one request in, one response out. It never throws. */
export async function handle(server: Server, request: ApiRequest): Promise<ApiResponse> {
  const url = new URL(request.url, 'https://localhost');
  const route = routeOf(url.pathname);
  const fault = server.plane.faults.meet(seenBy(request, route, url));
  const resource =
    route.kind === 'resource'
      ? server.plane.registry.find(route.target.group, route.target.version, route.target.plural)
      : undefined;
  if (fault?.kind === 'delay') await new Promise<void>((resolve) => server.plane.clock.after(fault.millis, resolve));
  const refusal = fault && faultError(fault, resource, route.kind === 'resource' ? route.target.name : '');
  if (refusal) return answerError(refusal);
  const watching = isWatch(url) && route.kind === 'resource';
  if (fault?.kind === 'reset' && fault.after === undefined) return broken({ kind: 'reset' });
  if (fault?.kind === 'freeze' && !watching) return broken({ kind: 'silence' });
  const response = await respond(server, request, route, url);
  if (fault?.kind === 'reset') return broken({ kind: 'reset' });
  const { body } = response;
  if (!fault || body.kind !== 'stream') return response;
  return { ...response, body: { kind: 'stream', open: (sink) => body.open(faultySink(sink, fault)) } };
}

const isWatch = (url: URL): boolean => ['true', '1'].includes(url.searchParams.get('watch') ?? '');

const seenBy = (request: ApiRequest, route: Route, url: URL) => ({
  method: request.method,
  plural: route.kind === 'resource' ? route.target.plural : '',
  name: route.kind === 'resource' ? route.target.name : '',
  watch: isWatch(url),
});

const broken = (body: Body): ApiResponse => ({ status: 0, headers: {}, body });

async function respond(server: Server, request: ApiRequest, route: Route, url: URL): Promise<ApiResponse> {
  try {
    if (route.kind === 'health')
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body: { kind: 'whole', text: 'ok' },
      };
    const user = authenticate(request.headers ?? {}, server.token);
    if (route.kind === 'resource')
      return await handleResource(server.plane, { request, url, target: route.target, user });
    authorizePath(server, user, request, url.pathname);
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
    const found = describe(server, route, request.headers?.accept);
    if (!found) throw isForeign(server, route) ? new UnknownPathError() : noSuchPath();
    return found;
  } catch (cause) {
    if (cause instanceof ApiError) return answerError(cause);
    if (cause instanceof UnknownPathError) return plain404();
    server.report(cause);
    const message = cause instanceof Error ? cause.message : String(cause);
    return answerError(new ApiError(500, 'InternalError', `Internal error occurred: ${message}`));
  }
}

/** Of groups that nobody serves, the server does not speak in JSON. */
const isForeign = (server: Server, route: Route): boolean =>
  route.kind === 'unknown' ||
  ('group' in route && !server.plane.registry.groups().some((group) => group.name === route.group));

const plain404 = (): ApiResponse => ({
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: { kind: 'whole', text: '404 page not found\n' },
});

function authorizePath(server: Server, user: User, request: ApiRequest, path: string): void {
  const access = { verb: request.method.toLowerCase(), group: '', resource: '', namespace: '', name: '', path };
  if (judgeAccess(server.plane.store, user, access).allowed) return;
  throw forbidden({ group: '', plural: '' }, path, `User "${user.name}" cannot ${access.verb} path "${path}"`);
}

function describe(server: Server, route: Route, accept: string | undefined): ApiResponse | undefined {
  const { registry } = server.plane;
  const found = (document: JsonObject | undefined): ApiResponse | undefined => document && answer(200, document);
  switch (route.kind) {
    case 'core versions':
      return aggregatedVersion(accept) ? answerAggregated(server, true) : answer(200, coreVersions(server.address()));
    case 'groups':
      return aggregatedVersion(accept) ? answerAggregated(server, false) : answer(200, groupList(registry));
    case 'group':
      return found(oneGroup(registry, route.group));
    case 'resources':
      return found(resourceList(registry, route.group, route.version));
    case 'openapi v2':
      return accept?.includes('protobuf') === true ? NOTHING_IN_PROTOBUF : answer(200, NOTHING_IN_V2);
    case 'openapi root':
      return answer(200, openApiRoot(registry, BUILTIN_TYPES));
    case 'openapi':
      return found(openApi(registry, BUILTIN_TYPES, route.group, route.version));
    case 'version':
      return answer(200, VERSION);
    case 'paths':
      return answer(200, rootPaths(registry));
    case 'health':
    case 'resource':
    case 'unknown':
      return undefined;
  }
}

/** Version 2 describes nothing: kubectl asks it last about a kind that version 3 does not know, before it says so itself. */
const NOTHING_IN_V2: JsonObject = { swagger: '2.0', info: { title: 'Lattice', version: 'v1.36.0' }, paths: {} };
const NOTHING_IN_PROTOBUF: ApiResponse = {
  status: 200,
  headers: { 'content-type': 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' },
  body: { kind: 'whole', text: '' },
};

const answerAggregated = (server: Server, core: boolean): ApiResponse =>
  answer(200, aggregated(server.plane.registry, core), {
    'content-type': 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  });

/** The API that is spoken here. The build says who speaks it. */
const VERSION: JsonObject = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0+lattice',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'lattice',
  platform: 'node',
};
