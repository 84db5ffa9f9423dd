// What a watch's user wants of each object, and how the bytes of a list or watch become that.
import { KubeError } from '../errors.ts';
import { at, isJsonObject, parseJson, stringAt, type Json, type JsonObject } from '../json.ts';
import { keyOf } from '../object.ts';
import { decoderFor } from './decode.ts';
import { only, unite, type FieldPath, type Mask } from './mask.ts';
import type { Item } from './store.ts';

export interface Projection<T> {
  /** The only fields that are decoded; metadata.name, namespace and resourceVersion always are. */
  readonly mask: Mask;
  /** Makes what is kept. Must not keep `object` itself unless that is wanted. */
  readonly of: (object: JsonObject, key: string) => T;
  /** When two projections are the same to their user. Default: structural equality. */
  readonly equal?: (a: T, b: T) => boolean;
}

export type WatchEvent<T> =
  | { readonly kind: 'put'; readonly item: Item<T> }
  | { readonly kind: 'removed'; readonly key: string; readonly version: string }
  | { readonly kind: 'bookmark'; readonly version: string; readonly initialEnd: boolean }
  | { readonly kind: 'error'; readonly status: Json };

export interface Reader<T> {
  /** One object of a list. Throws KubeError `malformed`. */
  item(bytes: Buffer): Item<T>;
  /** One line of a watch. Throws KubeError `malformed`. */
  event(line: Buffer): WatchEvent<T>;
}

/** Keeps these paths of each object as a plain value. */
export function fieldsProjection(...paths: readonly FieldPath[]): Projection<JsonObject> {
  return { mask: only(...paths), of: (object) => object };
}

const NEEDED = only('metadata.name', 'metadata.namespace', 'metadata.resourceVersion');
const INITIAL_END = 'k8s.io/initial-events-end';

export function readerFor<T>(projection: Projection<T>): Reader<T> {
  const mask = unite(projection.mask, NEEDED);
  const decodeItem = decoderFor(mask);
  const decodeEvent = decoderFor({
    fields: new Map<string, Mask>([
      ['type', 'keep'],
      ['object', mask],
    ]),
    rest: 'drop',
  });

  const itemOf = (object: Json | undefined): Item<T> => {
    const { key, version } = identityOf(object);
    // identityOf has refused everything that is not an object.
    return { key, version, value: projection.of(isJsonObject(object) ? object : {}, key) };
  };
  return {
    item: (bytes) => itemOf(decoded(decodeItem, bytes)),
    event(line) {
      const event = decoded(decodeEvent, line);
      const object = isJsonObject(event) ? event.object : undefined;
      const type = stringAt(event, 'type') ?? '';
      switch (type) {
        case 'ADDED':
        case 'MODIFIED':
          return { kind: 'put', item: itemOf(object) };
        case 'DELETED':
          return { kind: 'removed', ...identityOf(object) };
        case 'BOOKMARK':
          return bookmarkOf(decoded(parseWhole, line));
        case 'ERROR':
          return { kind: 'error', status: objectOf(decoded(parseWhole, line)) };
        default:
          throw new KubeError('malformed', `watch: an event of unknown type "${type}"`);
      }
    },
  };
}

function decoded(decode: (bytes: Buffer) => Json, bytes: Buffer): Json {
  try {
    return decode(bytes);
  } catch (error) {
    throw new KubeError('malformed', `watch: ${bytes.length} bytes that are not JSON`, { cause: error });
  }
}

function parseWhole(bytes: Buffer): Json {
  return parseJson(bytes.toString('utf8'));
}

function objectOf(event: Json): Json {
  return (isJsonObject(event) ? event.object : undefined) ?? null;
}

function identityOf(object: Json | undefined): { readonly key: string; readonly version: string } {
  const metadata = isJsonObject(object) ? object.metadata : undefined;
  const name = stringAt(metadata, 'name');
  const version = stringAt(metadata, 'resourceVersion');
  if (name === undefined || version === undefined)
    throw new KubeError('malformed', 'watch: an object without name or resourceVersion');
  const namespace = stringAt(metadata, 'namespace');
  return { key: keyOf(namespace === undefined ? { name } : { name, namespace }), version };
}

function bookmarkOf(event: Json): WatchEvent<never> {
  const object = objectOf(event);
  const version = stringAt(object, 'metadata', 'resourceVersion');
  if (version === undefined) throw new KubeError('malformed', 'watch: a bookmark without resourceVersion');
  return { kind: 'bookmark', version, initialEnd: at(object, 'metadata', 'annotations', INITIAL_END) === 'true' };
}
