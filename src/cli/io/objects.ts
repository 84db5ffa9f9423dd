import type { Finding } from '../../api/index.ts';
import { readDocument } from './document.ts';
import { isClusterScoped, type LoadedObject, type TextSource, titleOf } from './object.ts';
import { type Places, placesOf } from './places.ts';
import { type Slice, splitDocuments } from './split.ts';

export interface Loaded {
  readonly objects: readonly LoadedObject[];
  /** What kept a document or an object from being read; every one is an error. */
  readonly findings: readonly Finding[];
  readonly places: Places;
}

/**
 * Reads every document of every source, in order. `namespace` is that of objects that name none. Nothing stops at the
 * first error: each document that cannot be read is a finding, and the others are read.
 */
export function readObjects(sources: readonly TextSource[], namespace: string): Loaded {
  const places = placesOf();
  const objects: LoadedObject[] = [];
  const findings: Finding[] = [];
  for (const source of sources) {
    for (const slice of splitDocuments(source.text)) {
      const reading = readDocument(source.text.slice(slice.start, slice.end));
      if (reading.kind === 'refused' || reading.kind === 'ambiguous') {
        for (const { offset, ...problem } of reading.problems) {
          findings.push({ severity: 'error', ...problem, ...places.position(source, slice.start + offset) });
        }
      }
      if (reading.kind === 'value' || reading.kind === 'ambiguous') {
        const document: Document = { source, slice, namespace };
        for (const entry of expand(reading.value, [])) {
          const object = identify(entry.value, entry.inside, document);
          if ('code' in object) findings.push({ ...object, ...places.within(document, entry.inside) });
          else objects.push(object);
        }
      }
    }
  }
  return { objects: once(objects, findings, places), findings, places };
}

interface Document {
  readonly source: TextSource;
  readonly slice: Slice;
  readonly namespace: string;
}

interface Entry {
  readonly value: unknown;
  readonly inside: readonly (string | number)[];
}

/** A `List`, or a typed list such as `PodList`, stands for its items. */
function expand(value: unknown, inside: readonly (string | number)[]): Entry[] {
  if (!isRecord(value) || typeof value['kind'] !== 'string' || !value['kind'].endsWith('List')) {
    return [{ value, inside }];
  }
  const items = value['items'];
  if (items === null) return [];
  if (!Array.isArray(items)) return [{ value, inside }];
  const itemKind = value['kind'].slice(0, -'List'.length);
  const typed = itemKind === '' ? {} : { apiVersion: value['apiVersion'], kind: itemKind };
  return items.flatMap((item: unknown, index) =>
    expand(isRecord(item) && itemKind !== '' ? { ...typed, ...item } : item, [...inside, 'items', index]),
  );
}

function identify(value: unknown, inside: readonly (string | number)[], document: Document): LoadedObject | Finding {
  if (!isRecord(value)) {
    return {
      code: 'NotAnObject',
      severity: 'error',
      message: `a Kubernetes object expected (a map), not ${Array.isArray(value) ? 'a list' : 'a single value'}`,
      fix: 'write apiVersion, kind and metadata; several objects are separated by "---"',
    };
  }
  const { apiVersion } = value;
  // Score's documents have no kind: there is only one.
  const isScore = typeof apiVersion === 'string' && apiVersion.startsWith('score.dev/');
  const kind = value['kind'] ?? (isScore ? 'Workload' : undefined);
  if (typeof apiVersion !== 'string' || apiVersion === '' || typeof kind !== 'string' || kind === '') {
    const missing = [apiVersion, kind].every((field) => field === undefined || field === null)
      ? 'apiVersion and kind'
      : typeof apiVersion === 'string' && apiVersion !== ''
        ? 'kind'
        : 'apiVersion';
    return {
      code: 'KindMissing',
      severity: 'error',
      message: `this document has no ${missing}`,
      fix: 'write for example "apiVersion: lattice.dev/v1alpha1" and "kind: LatticeService", or leave the file out',
    };
  }
  const metadata = isRecord(value['metadata']) ? value['metadata'] : {};
  const written = metadata['namespace'];
  const name = metadata['name'];
  return {
    raw: value,
    apiVersion,
    kind,
    namespace: isClusterScoped(kind)
      ? ''
      : typeof written === 'string' && written !== ''
        ? written
        : document.namespace,
    name: typeof name === 'string' ? name : '',
    source: document.source,
    slice: document.slice,
    inside,
  };
}

/** Kinds that no command looks into: two of them with one name are somebody else's business. */
const COUNTED_GROUPS =
  /^(v1|apps|batch|lattice\.dev|(?:[a-z]+\.)*liqo\.io|cilium\.io|(?:[a-z]+\.)*istio\.io|(?:[a-z]+\.)*networking\.k8s\.io)$/;
const UNCOUNTED_KINDS = new Set(['ConfigMap', 'Secret', 'Event']);

/** The same object twice is an error that names both places: which of them holds would depend on their order. */
function once(objects: readonly LoadedObject[], findings: Finding[], places: Places): LoadedObject[] {
  const first = new Map<string, LoadedObject>();
  return objects.filter((object) => {
    const group = object.apiVersion.includes('/') ? (object.apiVersion.split('/')[0] ?? '') : object.apiVersion;
    if (object.name === '' || !COUNTED_GROUPS.test(group) || UNCOUNTED_KINDS.has(object.kind)) return true;
    const key = `${group} ${object.kind} ${object.namespace} ${object.name}`;
    const earlier = first.get(key);
    if (!earlier) {
      first.set(key, object);
      return true;
    }
    const at = places.of(earlier, ['metadata', 'name']);
    findings.push({
      code: 'DuplicateObject',
      severity: 'error',
      message: `${titleOf(object)} is declared twice: also at ${at.file}:${at.line}`,
      object: { kind: object.kind, namespace: object.namespace, name: object.name },
      path: ['metadata', 'name'],
      fix: 'keep one of them',
      ...places.of(object, ['metadata', 'name']),
    });
    return false;
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
