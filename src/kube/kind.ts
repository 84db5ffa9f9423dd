// A kind is data: where its objects live in the API, and a guard that gives them their type.
import { isKubeObject, type KubeObject, type Ref } from './object.ts';

export interface Kind<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Narrows what the server sends; an object that fails it is a `malformed` error. */
  readonly is: (value: unknown) => value is T;
}

/** What identifies a kind, without the guard. */
export type KindName = Omit<Kind, 'is'>;

/** A kind whose objects are known only by apiVersion, kind and metadata. */
export function untyped(name: KindName): Kind {
  return { ...name, is: isKubeObject };
}

/** `group/version`, or the version alone for the core group. */
export function apiVersionOf(kind: Pick<Kind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** The path of a kind's collection; without a namespace that of the whole cluster. */
export function collectionPath(kind: KindName, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${kind.plural}`;
}

/** The path of one object, or of its subresource. Throws TypeError when the namespace does not fit the kind's scope. */
export function objectPath(kind: KindName, ref: Ref, subresource?: string): string {
  if (ref.name === '') throw new TypeError(`${kind.kind}: an object needs a name`);
  if (kind.namespaced && !ref.namespace) throw new TypeError(`${kind.kind} ${ref.name}: a namespace is needed`);
  const path = `${collectionPath(kind, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}
