import { expired, forbiddenField, tooNew } from '../api-error.ts';
import type { JsonObject } from '../json.ts';
import { apiVersionOf, fromStored, type Resource } from '../kinds/resource.ts';
import { withMeta } from '../meta.ts';
import type { Plane } from '../plane.ts';
import type { Sink } from '../server/message.ts';
import type { Accepted } from '../server/negotiate.ts';
import { presentObject, tableOf } from '../server/present.ts';
import type { StoreEvent } from '../store/store.ts';
import { badListOptions, filterOf, integerOf, parseVersion } from './list.ts';

export interface WatchRequest {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly query: URLSearchParams;
  readonly accepted: Accepted;
}

type Frame = (type: string, object: JsonObject) => string;

/**
 * Opens a watch. What is wrong with the request is thrown here; what is wrong with its resourceVersion is an ERROR
 * event of the stream, as clients expect.
 */
export function watch(plane: Plane, request: WatchRequest): (sink: Sink) => () => void {
  const { resource, namespace, name, query } = request;
  const keep = filterOf(resource, namespace, name, query);
  const initial = query.get('sendInitialEvents');
  checkInitial(initial, query);
  integerOf(query, 'timeoutSeconds');
  const asked = query.get('resourceVersion') ?? '';
  const version = asked === '' ? 0 : parseVersion(asked);
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  const all = initial === 'true' || (initial === null && version === 0);

  return (sink) => {
    const frame = framer(request, () => plane.clock.now(), plane.textOf);
    if (version > plane.store.version() && all) return refuse(sink, tooNew(version, plane.store.version()).status());
    const missed = all ? [] : plane.store.since(resource.collection, version);
    if (!missed) {
      const oldest = plane.store.oldest(resource.collection);
      return refuse(sink, expired(`too old resource version: ${version} (${oldest})`).status());
    }
    if (all) {
      for (const { object } of plane.store.list(resource.collection)) {
        const served = fromStored(resource, object);
        if (keep(served)) sink.write(frame('ADDED', served));
      }
      if (initial === 'true' && bookmarks) sink.write(frame('BOOKMARK', bookmark(plane, resource, true)));
    }
    const floor = all ? 0 : version;
    const hear = (event: StoreEvent): void => {
      if (event.version <= floor) return;
      const seen = seenThrough(event, resource, keep);
      if (seen) sink.write(frame(seen.type, seen.object));
    };
    for (const event of missed) hear(event);
    return follow(plane, request, sink, hear, bookmarks ? frame : undefined);
  };
}

function checkInitial(initial: string | null, query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const field = 'resourceVersionMatch';
  if (initial === null && match !== '') {
    throw badListOptions(
      forbiddenField(field, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
    );
  }
  if (initial !== null && match !== 'NotOlderThan') {
    throw badListOptions(
      forbiddenField(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    );
  }
}

function refuse(sink: Sink, status: JsonObject): () => void {
  sink.write(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
  sink.end();
  return () => undefined;
}

/** An event as a watch with a filter sees it: an object that leaves the filter is deleted for this watch. */
function seenThrough(
  event: StoreEvent,
  resource: Resource,
  keep: (object: JsonObject) => boolean,
): { readonly type: string; readonly object: JsonObject } | undefined {
  const object = fromStored(resource, event.object);
  const before = event.previous && keep(fromStored(resource, event.previous));
  if (event.type === 'DELETED') return before === true ? { type: 'DELETED', object } : undefined;
  const now = keep(object);
  if (now) return { type: before === true ? 'MODIFIED' : 'ADDED', object };
  if (before !== true || !event.previous) return undefined;
  const last = withMeta(fromStored(resource, event.previous), 'resourceVersion', String(event.version));
  return { type: 'DELETED', object: last };
}

/** Writes events in the accepted shape; a table names its columns only once. */
function framer(
  { resource, accepted, query }: WatchRequest,
  now: () => number,
  textOf: (object: JsonObject) => string,
): Frame {
  let headings = true;
  const include = query.get('includeObject') ?? 'Metadata';
  if (accepted.shape === 'object') return (type, object) => `{"type":"${type}","object":${textOf(object)}}\n`;
  return (type, object) => {
    const shown =
      accepted.shape === 'table'
        ? tableOf([object], resource, accepted, now(), include, {}, headings)
        : presentObject(object, resource, accepted, now(), include);
    headings = false;
    return `${JSON.stringify({ type, object: shown })}\n`;
  };
}

function bookmark(plane: Plane, resource: Resource, endsInitial: boolean): JsonObject {
  const annotations = endsInitial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  return {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: { resourceVersion: String(plane.store.version()), ...annotations },
  };
}

const LONGEST_SECONDS = 1800;

/** Live events until the client leaves, the time is over, or the server closes. */
function follow(
  plane: Plane,
  { resource, query }: WatchRequest,
  sink: Sink,
  hear: (event: StoreEvent) => void,
  frame: Frame | undefined,
): () => void {
  const leave = plane.store.listen(resource.collection, hear);
  let cancelBookmark: () => void = () => undefined;
  const remind = (): void => {
    if (!frame) return;
    cancelBookmark = plane.clock.after(plane.bookmarkEvery, () => {
      sink.write(frame('BOOKMARK', bookmark(plane, resource, false)));
      remind();
    });
  };
  remind();
  const seconds = integerOf(query, 'timeoutSeconds') || LONGEST_SECONDS;
  const cancelEnd = plane.clock.after(seconds * 1000, () => {
    stop();
    sink.end();
  });
  const stop = (): void => {
    leave();
    cancelBookmark();
    cancelEnd();
  };
  return stop;
}
