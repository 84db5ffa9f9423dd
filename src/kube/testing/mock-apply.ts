// Field ownership for the mock API server: maps are owned leaf by leaf, lists as a whole.
import { canonicalJson, isRecord } from '../json.ts';
import type { ManagedFieldsEntry } from '../object.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface Outcome {
  readonly object: Fields;
  /** Fields that another manager holds with another value; the object is then unchanged. */
  readonly conflicts: readonly { readonly field: string; readonly manager: string }[];
}

/** Server-side apply of `intent` by `manager` over `live` (undefined: create). */
export function applied(live: Fields | undefined, intent: Fields, manager: string, force: boolean): Outcome {
  const entries = entriesOf(live);
  const mine = entries.find((entry) => entry.manager === manager && entry.operation === 'Apply');
  const wanted = leavesOf(intent);
  const others = entries.filter((entry) => entry !== mine);
  const conflicts = [...wanted].flatMap(([path, value]) =>
    others
      .filter((entry) => entry.paths.has(path) && canonicalJson(value) !== canonicalJson(valueAt(live, path)))
      .map((entry) => ({ field: `.${path.split(SEPARATOR).join('.')}`, manager: entry.manager, path })),
  );
  if (conflicts.length > 0 && !force) return { object: live ?? {}, conflicts };
  let object: Fields = structuredClone(live ?? identityOf(intent));
  for (const path of mine?.paths ?? [])
    if (!wanted.has(path) && !others.some((entry) => entry.paths.has(path))) object = without(object, path);
  for (const [path, value] of wanted) object = withValue(object, path, value);
  const stolen = new Set(conflicts.map(({ path }) => path));
  const left = others.map((entry) => ({ ...entry, paths: entry.paths.difference(stolen) }));
  return {
    object: withEntries(object, [...left, { manager, operation: 'Apply', paths: new Set(wanted.keys()) }]),
    conflicts: [],
  };
}

/** What `manager` changed from `live` to `next` by a create, replace or patch now belongs to it alone. */
export function updated(live: Fields | undefined, next: Fields, manager: string): Fields {
  const [before, after] = [leavesOf(live ?? {}), leavesOf(next)];
  const changed = new Set(
    [...after]
      .filter(([path, value]) => canonicalJson(before.get(path)) !== canonicalJson(value))
      .map(([path]) => path),
  );
  const gone = new Set([...before.keys()].filter((path) => !after.has(path)));
  const entries = entriesOf(live).map((entry) => ({
    ...entry,
    paths: entry.paths.difference(gone).difference(changed),
  }));
  const mine = entries.find((entry) => entry.manager === manager && entry.operation === 'Update');
  const others = entries.filter((entry) => entry !== mine);
  return withEntries(next, [
    ...others,
    { manager, operation: 'Update', paths: (mine?.paths ?? new Set()).union(changed) },
  ]);
}

function identityOf(intent: Fields): Fields {
  const metadata = isRecord(intent.metadata) ? intent.metadata : {};
  const { name, namespace } = metadata;
  return {
    apiVersion: intent.apiVersion,
    kind: intent.kind,
    metadata: namespace === undefined ? { name } : { name, namespace },
  };
}

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly paths: ReadonlySet<string>;
}

const SEPARATOR = '\n';
/** Never owned by anyone. */
const SYSTEM = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'managedFields',
]);

function leavesOf(object: Fields): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const walk = (value: unknown, path: readonly string[]): void => {
    if (isRecord(value) && Object.keys(value).length > 0)
      for (const [field, below] of Object.entries(value)) walk(below, [...path, field]);
    else found.set(path.join(SEPARATOR), value);
  };
  for (const [field, value] of Object.entries(object)) {
    if (field === 'apiVersion' || field === 'kind') continue;
    if (field !== 'metadata' || !isRecord(value)) walk(value, [field]);
    else for (const [name, below] of Object.entries(value)) if (!SYSTEM.has(name)) walk(below, [field, name]);
  }
  return found;
}

function entriesOf(object: Fields | undefined): readonly Entry[] {
  const metadata = object?.metadata;
  const entries: unknown = isRecord(metadata) ? metadata.managedFields : undefined;
  if (!Array.isArray(entries)) return [];
  return entries.filter(isRecord).map((entry) => ({
    manager: String(entry.manager),
    operation: String(entry.operation),
    paths: new Set(pathsOf(entry.fieldsV1, [])),
  }));
}

function pathsOf(fields: unknown, path: readonly string[]): readonly string[] {
  if (!isRecord(fields) || Object.keys(fields).length === 0) return [path.join(SEPARATOR)];
  return Object.entries(fields).flatMap(([name, below]) => pathsOf(below, [...path, name.slice(2)]));
}

function withEntries(object: Fields, entries: readonly Entry[]): Fields {
  const managedFields: readonly ManagedFieldsEntry[] = entries
    .filter((entry) => entry.paths.size > 0)
    .map(({ manager, operation, paths }) => ({
      manager,
      operation,
      fieldsType: 'FieldsV1',
      fieldsV1: fieldsV1Of(paths),
    }));
  return { ...object, metadata: { ...(isRecord(object.metadata) ? object.metadata : {}), managedFields } };
}

function fieldsV1Of(paths: ReadonlySet<string>): Fields {
  let fields: Fields = {};
  for (const path of [...paths].sort())
    fields = withValue(
      fields,
      path
        .split(SEPARATOR)
        .map((step) => `f:${step}`)
        .join(SEPARATOR),
      {},
    );
  return fields;
}

function valueAt(object: unknown, path: string): unknown {
  let here = object;
  for (const step of path.split(SEPARATOR)) here = isRecord(here) ? here[step] : undefined;
  return here;
}

function withValue(object: Fields, path: string, value: unknown): Fields {
  const [step = '', ...rest] = path.split(SEPARATOR);
  const below = object[step];
  if (rest.length === 0) return { ...object, [step]: value };
  return { ...object, [step]: withValue(isRecord(below) ? below : {}, rest.join(SEPARATOR), value) };
}

function without(object: Fields, path: string): Fields {
  const [step = '', ...rest] = path.split(SEPARATOR);
  const { [step]: below, ...others } = object;
  if (rest.length === 0 || !isRecord(below)) return others;
  const left = without(below, rest.join(SEPARATOR));
  return Object.keys(left).length === 0 ? others : { ...others, [step]: left };
}
