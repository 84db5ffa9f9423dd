// The door of the Kubernetes runtime: client, watch, queue, apply, lease. It knows no kind by name.
export { delayOf, type Backoff } from './backoff.ts';
export * from './client/index.ts';
export { orAborted, sleep, systemClock, type Clock } from './clock.ts';
export { accessOf, loadAccess, parseKubeconfig, type AccessOptions, type ClusterAccess } from './config/index.ts';
export { errorOfResponse, KubeError, means, messageOf, type Cause, type Meaning } from './errors.ts';
export { at, canonicalJson, isRecord, type Json, type JsonObject } from './json.ts';
export { apiVersionOf, collectionPath, objectPath, untyped, type Kind, type KindName } from './kind.ts';
export {
  isKubeObject,
  isOlder,
  keyOf,
  refOf,
  type KubeObject,
  type ManagedFieldsEntry,
  type ObjectMeta,
  type OwnerReference,
  type Ref,
} from './object.ts';
export * from './watch/index.ts';
export * from './queue/index.ts';
export * from './apply/index.ts';
export * from './lease/index.ts';
export { withGrace, type GraceOptions, type Life } from './lifecycle.ts';
