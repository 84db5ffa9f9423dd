import {
  ApiError,
  badRequest,
  type Cause,
  expired,
  forbiddenField,
  invalid,
  tooNew,
  unsupported,
} from '../api-error.ts';
import { isObject, type JsonObject } from '../json.ts';
import { fromStored, type Resource } from '../kinds/resource.ts';
import { labelsOf } from '../meta.ts';
import type { Plane } from '../plane.ts';
import { fieldFilter } from '../select/field-selector.ts';
import { matchesLabels, parseLabelSelector, selectorComplaint } from '../select/label-selector.ts';
import type { Entry } from '../store/store.ts';

export interface Page {
  readonly objects: readonly JsonObject[];
  /** ListMeta: resourceVersion, and for a page that is not the last, continue and what remains. */
  readonly meta: JsonObject;
}

/** Which objects a list or watch is about. @throws ApiError 400 for a selector that cannot be read. */
export function filterOf(
  resource: Resource,
  namespace: string,
  name: string,
  query: URLSearchParams,
): (object: JsonObject) => boolean {
  const labels = query.get('labelSelector') ?? '';
  const selector = parseLabelSelector(labels);
  if (!selector) throw badRequest(selectorComplaint(labels));
  const fields = fieldFilter(query.get('fieldSelector') ?? '', resource);
  return (object) =>
    (namespace === '' || (isObject(object.metadata) && object.metadata.namespace === namespace)) &&
    (name === '' || (isObject(object.metadata) && object.metadata.name === name)) &&
    (selector.length === 0 || matchesLabels(selector, labelsOf(object))) &&
    fields(object);
}

/** GET of a collection: all of it, or a page of a state that stays the same while pages are read. */
export function list(plane: Plane, resource: Resource, namespace: string, query: URLSearchParams): Page {
  const keep = filterOf(resource, namespace, '', query);
  const start = startOf(plane, resource, query);
  const limit = integerOf(query, 'limit');
  const found: Entry[] = [];
  let remaining = 0;
  const selects = (query.get('labelSelector') ?? '') !== '' || (query.get('fieldSelector') ?? '') !== '';
  for (const entry of start.entries) {
    if (start.after !== undefined && entry.key <= start.after) continue;
    const object = fromStored(resource, entry.object);
    if (!keep(object)) continue;
    if (limit > 0 && found.length === limit) remaining += 1;
    else found.push({ key: entry.key, object });
    if (selects && remaining > 0) break; // with a selector, nobody is told how many remain
  }
  const last = found.at(-1);
  const more =
    remaining > 0 && last
      ? { continue: writeToken(start.version, last.key), ...(selects ? {} : { remainingItemCount: remaining }) }
      : {};
  return { objects: found.map(({ object }) => object), meta: { resourceVersion: String(start.version), ...more } };
}

interface Start {
  readonly entries: readonly Entry[];
  readonly version: number;
  readonly after: string | undefined;
}

function startOf(plane: Plane, resource: Resource, query: URLSearchParams): Start {
  const { store } = plane;
  const token = query.get('continue') ?? '';
  if (token !== '') return resume(plane, resource, token);
  const asked = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const version = asked === '' ? 0 : listVersion(asked);
  checkMatch(asked, match);
  if (version > store.version()) throw tooNew(version, store.version());
  const limited = query.has('limit') && version > 0 && match === '';
  if (match !== 'Exact' && !limited) {
    return { entries: store.list(resource.collection), version: store.version(), after: undefined };
  }
  const entries = store.snapshot(resource.collection, version);
  if (!entries) throw expired('The resourceVersion for the provided list is too old.');
  return { entries, version, after: undefined };
}

function checkMatch(asked: string, match: string): void {
  if (match === '') return;
  const field = 'resourceVersionMatch';
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    throw badListOptions(unsupported(field, match, ['Exact', 'NotOlderThan', '']));
  }
  if (asked === '') {
    throw badListOptions(forbiddenField(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
  }
  if (match === 'Exact' && asked === '0') {
    throw badListOptions(forbiddenField(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
}

export const badListOptions = (cause: Cause): ApiError => invalid('ListOptions', 'meta.k8s.io', '', [cause]);

function listVersion(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw badRequest(`invalid resource version: ${versionComplaint(text)}`);
}

function versionComplaint(text: string): string {
  const shown = JSON.stringify(text);
  return `resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`;
}

/** A number among the options. @throws ApiError 400 */
export function integerOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) || '0';
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Where a token stops being base64: at a foreign letter, or with its last, unfinished group. */
function badByte(token: string): number {
  const foreign = token.search(/[^A-Za-z0-9_-]/);
  return foreign >= 0 ? foreign : Math.floor(token.length / 4) * 4;
}

/** @throws ApiError for what is no version. */
export function parseVersion(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new ApiError(500, '', versionComplaint(text));
}

function resume(plane: Plane, resource: Resource, token: string): Start {
  const read = readToken(token);
  if (!read)
    throw badRequest(
      `invalid continue token: continue key is not valid: illegal base64 data at input byte ${badByte(token)}`,
    );
  const entries = plane.store.snapshot(resource.collection, read.version);
  if (!entries) {
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
    );
  }
  return { entries, version: read.version, after: read.after };
}

const writeToken = (version: number, after: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: after })).toString('base64url');

function readToken(token: string): { readonly version: number; readonly after: string } | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (!isObject(value) || typeof value.rv !== 'number' || typeof value.start !== 'string') return undefined;
    return { version: value.rv, after: value.start };
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}
