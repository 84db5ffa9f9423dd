// The typed client: one function per verb of the API, every one cancellable.
import { systemClock, type Clock } from '../clock.ts';
import type { ClusterAccess } from '../config/index.ts';
import { KubeError } from '../errors.ts';
import { at, isRecord, parseJson, stringAt, type Json } from '../json.ts';
import { collectionPath, objectPath, type Kind, type KindName } from '../kind.ts';
import type { KubeObject, Ref } from '../object.ts';
import { withQuery, type QueryValue } from './query.ts';
import { transportTo, type HttpAnswer, type HttpRequest, type TransportOptions } from './transport.ts';

/** Every field that Lattice writes is owned under this name. */
export const FIELD_MANAGER = 'lattice';

export interface Call {
  readonly signal: AbortSignal;
  /** For the lease alone: no limiter, no retries, no fence. */
  readonly urgent?: boolean;
}

export interface WriteCall extends Call {
  /** Checked and answered by the server, but not stored. */
  readonly dryRun?: boolean;
  readonly subresource?: 'status' | 'scale';
}

export interface ApplyCall extends WriteCall {
  /** Take fields from other managers; without it their fields are a `fieldConflict`. */
  readonly force?: boolean;
  /** Default {@link FIELD_MANAGER}. Two writers of one object need two names: each takes away what it no longer says. */
  readonly manager?: string;
}

export interface DeleteCall extends Call {
  readonly dryRun?: boolean;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  /** Delete only this very object; otherwise the server answers `conflict`. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly gracePeriodSeconds?: number;
}

export interface ListCall extends Call {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects per page. Default 500. */
  readonly pageSize?: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

export interface Scale {
  readonly replicas: number;
  readonly observed: number;
  readonly selector: string;
  readonly resourceVersion: string;
}

export interface Client {
  /** Rejects with `notFound` when there is none. */
  read<T extends KubeObject>(kind: Kind<T>, ref: Ref, call: Call): Promise<T>;
  /** Undefined when there is none. */
  find<T extends KubeObject>(kind: Kind<T>, ref: Ref, call: Call): Promise<T | undefined>;
  /** Page by page; rejects with `expired` when the snapshot is compacted away in between. */
  pages<T extends KubeObject>(kind: Kind<T>, call: ListCall): AsyncGenerator<Page<T>, void, void>;
  list<T extends KubeObject>(kind: Kind<T>, call: ListCall): Promise<readonly T[]>;
  create<T extends KubeObject>(kind: Kind<T>, object: T, call: WriteCall): Promise<T>;
  /** Replaces the object; its resourceVersion, if set, must still be the stored one. */
  replace<T extends KubeObject>(kind: Kind<T>, object: T, call: WriteCall): Promise<T>;
  /** Server-side apply by `lattice` with strict field validation. */
  apply<T extends KubeObject>(kind: Kind<T>, object: KubeObject, call: ApplyCall): Promise<T>;
  mergePatch<T extends KubeObject>(kind: Kind<T>, ref: Ref, patch: unknown, call: WriteCall): Promise<T>;
  jsonPatch<T extends KubeObject>(
    kind: Kind<T>,
    ref: Ref,
    patch: readonly JsonPatchOperation[],
    call: WriteCall,
  ): Promise<T>;
  /** Resolves when the server has accepted the deletion; finalizers may keep the object for a while. */
  delete(kind: KindName, ref: Ref, call: DeleteCall): Promise<void>;
  readScale(kind: KindName, ref: Ref, call: Call): Promise<Scale>;
  /** Sets spec.replicas through the scale subresource. */
  scale(kind: KindName, ref: Ref, replicas: number, call: WriteCall): Promise<Scale>;
  /** GET of any path, parsed. */
  raw(path: string, call: Call & { readonly accept?: string }): Promise<Json>;
  /** GET of any path as a stream of bytes: what lists and watches are read from. */
  stream(path: string, call: Call): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface ClientOptions extends Partial<TransportOptions> {}

const JSON_TYPE = 'application/json';
const APPLY_TYPE = 'application/apply-patch+yaml';
const MERGE_TYPE = 'application/merge-patch+json';
const PATCH_TYPE = 'application/json-patch+json';
const DEFAULT_PAGE_SIZE = 500;

/** A client for one cluster. It opens no connection before the first call. */
export function createClient(access: ClusterAccess, options: ClientOptions = {}): Client {
  const transport = transportTo(access, { ...defaults(options.clock ?? systemClock), ...options });

  const answer = async <T extends KubeObject>(kind: Kind<T>, request: HttpRequest): Promise<T> =>
    narrow(kind, parseAnswer(request, await transport.send(request)), request);
  const write = <T extends KubeObject>(
    kind: Kind<T>,
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    contentType: string,
    body: unknown,
    call: WriteCall,
    more: Readonly<Record<string, QueryValue>> = {},
  ): Promise<T> =>
    answer(kind, {
      method,
      path: withQuery(path, {
        fieldManager: FIELD_MANAGER,
        fieldValidation: 'Strict',
        ...(call.dryRun ? { dryRun: 'All' } : {}),
        ...more,
      }),
      contentType,
      body: JSON.stringify(body),
      repeatable: contentType === APPLY_TYPE,
      ...callOf(call),
    });

  const client: Client = {
    read: (kind, ref, call) => answer(kind, { method: 'GET', path: objectPath(kind, ref), ...callOf(call) }),
    find: (kind, ref, call) =>
      client.read(kind, ref, call).catch((error: unknown) => {
        if (error instanceof KubeError && error.meaning === 'notFound') return undefined;
        throw error;
      }),
    async *pages(kind, call) {
      let next: string | undefined;
      do {
        const path = withQuery(collectionPath(kind, call.namespace), {
          limit: call.pageSize ?? DEFAULT_PAGE_SIZE,
          labelSelector: call.labelSelector,
          fieldSelector: call.fieldSelector,
          continue: next,
        });
        const request: HttpRequest = { method: 'GET', path, ...callOf(call) };
        const list = parseAnswer(request, await transport.send(request));
        yield {
          items: itemsOf(kind, list, request),
          resourceVersion: stringAt(list, 'metadata', 'resourceVersion') ?? '',
        };
        next = stringAt(list, 'metadata', 'continue') || undefined;
      } while (next !== undefined);
    },
    async list(kind, call) {
      const items = [];
      for await (const page of client.pages(kind, call)) items.push(...page.items);
      return items;
    },
    create: (kind, object, call) =>
      write(kind, 'POST', collectionPath(kind, object.metadata.namespace), JSON_TYPE, object, call),
    replace: (kind, object, call) =>
      write(kind, 'PUT', objectPath(kind, object.metadata, call.subresource), JSON_TYPE, object, call),
    apply: (kind, object, call) =>
      write(kind, 'PATCH', objectPath(kind, object.metadata, call.subresource), APPLY_TYPE, object, call, {
        force: call.force === true,
        ...(call.manager === undefined ? {} : { fieldManager: call.manager }),
      }),
    mergePatch: (kind, ref, patch, call) =>
      write(kind, 'PATCH', objectPath(kind, ref, call.subresource), MERGE_TYPE, patch, call),
    jsonPatch: (kind, ref, patch, call) =>
      write(kind, 'PATCH', objectPath(kind, ref, call.subresource), PATCH_TYPE, patch, call),
    async delete(kind, ref, call) {
      const path = withQuery(objectPath(kind, ref), { dryRun: call.dryRun ? 'All' : undefined });
      const body = JSON.stringify(deleteOptions(call));
      await transport.send({ method: 'DELETE', path, contentType: JSON_TYPE, body, ...callOf(call) });
    },
    async readScale(kind, ref, call) {
      const request: HttpRequest = { method: 'GET', path: objectPath(kind, ref, 'scale'), ...callOf(call) };
      return scaleOf(parseAnswer(request, await transport.send(request)), request);
    },
    async scale(kind, ref, replicas, call) {
      const query = { fieldManager: FIELD_MANAGER, ...(call.dryRun ? { dryRun: 'All' } : {}) };
      const path = withQuery(objectPath(kind, ref, 'scale'), query);
      const body = JSON.stringify({ spec: { replicas } });
      const request: HttpRequest = { method: 'PATCH', path, contentType: MERGE_TYPE, body, ...callOf(call) };
      return scaleOf(parseAnswer(request, await transport.send(request)), request);
    },
    async raw(path, call) {
      const accept = call.accept === undefined ? {} : { accept: call.accept };
      const request: HttpRequest = { method: 'GET', path, ...accept, ...callOf(call) };
      return parseAnswer(request, await transport.send(request));
    },
    stream: (path, call) => transport.open({ method: 'GET', path, ...callOf(call) }),
    close: () => transport.close(),
  };
  return client;
}

function defaults(clock: Clock): TransportOptions {
  return { clock, random: Math.random, maxInFlight: 32, maxAttempts: 8, fence: () => undefined };
}

function callOf(call: Call): { readonly signal: AbortSignal; readonly urgent?: boolean } {
  return call.urgent ? { signal: call.signal, urgent: true } : { signal: call.signal };
}

function parseAnswer(request: HttpRequest, text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw new KubeError('malformed', `${request.method} ${request.path}: the answer is not JSON`, { cause: error });
  }
}

function narrow<T extends KubeObject>(kind: Kind<T>, value: unknown, request: HttpRequest): T {
  if (kind.is(value)) return value;
  throw new KubeError('malformed', `${request.method} ${request.path}: the answer is not a ${kind.kind}`);
}

function itemsOf<T extends KubeObject>(kind: Kind<T>, list: Json, request: HttpRequest): readonly T[] {
  const items = at(list, 'items') ?? [];
  if (!Array.isArray(items))
    throw new KubeError('malformed', `${request.method} ${request.path}: the answer is not a list`);
  const apiVersion = stringAt(list, 'apiVersion') ?? '';
  // Items of built-in kinds come without apiVersion and kind: the list says it once.
  return items.map((item: unknown) =>
    narrow(kind, isRecord(item) ? { apiVersion, kind: kind.kind, ...item } : item, request),
  );
}

function deleteOptions(call: DeleteCall): unknown {
  const { uid, resourceVersion } = call;
  const preconditions = {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: call.propagation ?? 'Background',
    ...(call.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: call.gracePeriodSeconds }),
    ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
  };
}

function scaleOf(value: Json, request: HttpRequest): Scale {
  const resourceVersion = stringAt(value, 'metadata', 'resourceVersion');
  if (resourceVersion === undefined) throw new KubeError('malformed', `${request.path}: the answer is not a Scale`);
  const [replicas, observed] = [at(value, 'spec', 'replicas'), at(value, 'status', 'replicas')];
  return {
    replicas: typeof replicas === 'number' ? replicas : 0,
    observed: typeof observed === 'number' ? observed : 0,
    selector: stringAt(value, 'status', 'selector') ?? '',
    resourceVersion,
  };
}
