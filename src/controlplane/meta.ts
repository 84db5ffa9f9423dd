import { at, type Json, type JsonObject, objectAt, textAt, withAt } from './json.ts';

/** Readers and writers of object metadata. */
export const nameOf = (object: JsonObject): string => textAt(object, 'metadata', 'name');
export const namespaceOf = (object: JsonObject): string => textAt(object, 'metadata', 'namespace');
export const uidOf = (object: JsonObject): string => textAt(object, 'metadata', 'uid');
export const versionOf = (object: JsonObject): string => textAt(object, 'metadata', 'resourceVersion');
export const labelsOf = (object: JsonObject): JsonObject => objectAt(object, 'metadata', 'labels');
export const isTerminating = (object: JsonObject): boolean => at(object, 'metadata', 'deletionTimestamp') !== undefined;
export const finalizersOf = (object: JsonObject): readonly string[] => {
  const found = at(object, 'metadata', 'finalizers');
  return Array.isArray(found) ? found.filter((item): item is string => typeof item === 'string') : [];
};

export const withMeta = (object: JsonObject, field: string, value: Json | undefined): JsonObject =>
  withAt(object, ['metadata', field], value);

/** metav1.Time: seconds, UTC. */
export const timestamp = (millis: number): string => new Date(millis).toISOString().replace(/\.\d+Z$/, 'Z');
