// The part of every object that the API server checks alike: name, namespace, labels, annotations.
import { isDnsLabel, isDnsSubdomain, isLabelKey, isLabelValue } from './label.ts';
import { isRecord } from './structural.ts';

/** Who an object is. `namespace` is empty for cluster-scoped kinds, `default` where a namespaced object names none. */
export interface Identified {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Reads who an object claims to be, as far as it says; parts of the wrong type read as empty. */
export function identify(object: Readonly<Record<string, unknown>>, scope: 'namespaced' | 'cluster'): Identified {
  const metadata = isRecord(object.metadata) ? object.metadata : {};
  const namespace = textOf(metadata.namespace);
  return {
    apiVersion: textOf(object.apiVersion),
    kind: textOf(object.kind),
    namespace: scope === 'cluster' ? '' : namespace || 'default',
    name: textOf(metadata.name),
  };
}

/** What the API server would say against an object's metadata; empty if nothing. */
export function metadataErrors(metadata: unknown, scope: 'namespaced' | 'cluster'): string[] {
  if (!isRecord(metadata)) return ['metadata must be an object'];
  const errors: string[] = [];
  const { name, namespace } = metadata;
  if (typeof name !== 'string' || !isDnsSubdomain(name)) errors.push('metadata.name must be a DNS subdomain');
  const hasNamespace = namespace !== undefined && namespace !== null && namespace !== '';
  if (scope === 'namespaced' && hasNamespace && !(typeof namespace === 'string' && isDnsLabel(namespace)))
    errors.push('metadata.namespace must be a DNS label');
  for (const [key, value] of entriesOf(metadata.labels, 'metadata.labels', errors))
    if (!isLabelKey(key) || !(value === null || (typeof value === 'string' && isLabelValue(value))))
      errors.push(`metadata.labels has the invalid label ${JSON.stringify(key)}`);
  for (const [key, value] of entriesOf(metadata.annotations, 'metadata.annotations', errors))
    if (!isLabelKey(key.toLowerCase()) || !(value === null || typeof value === 'string'))
      errors.push(`metadata.annotations has the invalid annotation ${JSON.stringify(key)}`);
  return errors;
}

function entriesOf(value: unknown, path: string, errors: string[]): [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (isRecord(value)) return Object.entries(value);
  errors.push(`${path} must be an object`);
  return [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
