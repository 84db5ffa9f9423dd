import type { Slice } from './split.ts';

/** A file (or standard input) that was read. */
export interface TextSource {
  /** As the user named it, or found below a directory that the user named; `<stdin>` for standard input. */
  readonly file: string;
  readonly text: string;
}

/** One object of the input: what was written, and where. */
export interface LoadedObject {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly apiVersion: string;
  readonly kind: string;
  /** The written namespace, else the default one; empty for cluster-scoped kinds. */
  readonly namespace: string;
  /** Empty when the object has none. */
  readonly name: string;
  readonly source: TextSource;
  readonly slice: Slice;
  /** Where the object is inside its document: empty, or `['items', 3]`. */
  readonly inside: readonly (string | number)[];
}

const CLUSTER_SCOPED = new Set([
  'APIService',
  'CiliumCIDRGroup',
  'CiliumClusterwideNetworkPolicy',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'GatewayClass',
  'LatticeConfig',
  'LatticeResourceClass',
  'MutatingWebhookConfiguration',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PriorityClass',
  'StorageClass',
  'ValidatingWebhookConfiguration',
]);

/** Whether objects of this kind have no namespace. */
export function isClusterScoped(kind: string): boolean {
  return CLUSTER_SCOPED.has(kind);
}

/** `Service shop/cart`, `Namespace shop`, or the kind alone when there is no name. */
export function titleOf(object: { readonly kind: string; readonly namespace: string; readonly name: string }): string {
  if (object.name === '') return object.kind;
  return `${object.kind} ${object.namespace === '' ? '' : `${object.namespace}/`}${object.name}`;
}
