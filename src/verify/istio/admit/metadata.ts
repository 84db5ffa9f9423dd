// What the API server demands of the metadata of a namespaced custom resource.
import { isRecord } from './decode.ts';

export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  /** Milliseconds since 1970; objects without one count as the oldest, as in Istio. */
  readonly created: number;
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Reads `metadata`; problems are why the API server refuses the object. A missing namespace is `default`. */
export function readMetadata(value: unknown): { readonly metadata: Metadata; readonly problems: readonly string[] } {
  const held = isRecord(value) ? value : {};
  const problems: string[] = [];
  if (value !== undefined && value !== null && !isRecord(value)) problems.push('metadata: must be an object');
  const name = readName(held['name'], problems);
  const namespace = readNamespace(held['namespace'], problems);
  const labels = readStrings(held['labels'], 'metadata.labels', problems);
  const annotations = readStrings(held['annotations'], 'metadata.annotations', problems);
  for (const [key, label] of labels) {
    if (!isQualifiedName(key)) problems.push(`metadata.labels: ${JSON.stringify(key)} is no label key`);
    if (label !== '' && (label.length > 63 || !QUALIFIED_NAME.test(label))) {
      problems.push(`metadata.labels.${key}: ${JSON.stringify(label)} is no label value`);
    }
  }
  for (const key of annotations.keys()) {
    if (!isQualifiedName(key.toLowerCase())) {
      problems.push(`metadata.annotations: ${JSON.stringify(key)} is no annotation key`);
    }
  }
  const created = readTime(held['creationTimestamp'], problems);
  return { metadata: { name, namespace, labels, annotations, created }, problems };
}

function readName(value: unknown, problems: string[]): string {
  if (typeof value === 'string' && value.length <= 253 && DNS_SUBDOMAIN.test(value)) return value;
  problems.push('metadata.name: must be a DNS subdomain name');
  return typeof value === 'string' ? value : '';
}

function readNamespace(value: unknown, problems: string[]): string {
  if (value === undefined || value === null || value === '') return 'default';
  if (typeof value === 'string' && value.length <= 63 && DNS_LABEL.test(value)) return value;
  problems.push('metadata.namespace: must be a DNS label');
  return typeof value === 'string' ? value : '';
}

function readStrings(value: unknown, path: string, problems: string[]): ReadonlyMap<string, string> {
  const strings = new Map<string, string>();
  if (value === undefined || value === null) return strings;
  if (!isRecord(value)) {
    problems.push(`${path}: must be an object`);
    return strings;
  }
  for (const [key, held] of Object.entries(value)) {
    if (typeof held === 'string') strings.set(key, held);
    // A null decodes to the empty string.
    else if (held === null) strings.set(key, '');
    else problems.push(`${path}.${key}: must be a string`);
  }
  return strings;
}

function isQualifiedName(key: string): boolean {
  const slash = key.indexOf('/');
  const prefix = slash === -1 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (prefix !== undefined && (prefix.length > 253 || !DNS_SUBDOMAIN.test(prefix))) return false;
  return name.length <= 63 && QUALIFIED_NAME.test(name);
}

function readTime(value: unknown, problems: string[]): number {
  if (value === undefined || value === null) return Number.NEGATIVE_INFINITY;
  const time = typeof value === 'string' && RFC3339.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  problems.push('metadata.creationTimestamp: must be an RFC 3339 time');
  return Number.NEGATIVE_INFINITY;
}
