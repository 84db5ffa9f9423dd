import {
  type LatticeExternalService,
  type LatticeResourceClass,
  type LatticeService,
  parseObject,
} from '../../api/index.ts';
import { type Fact, factId, factOf } from '../../graph/index.ts';
import { allBut, apiVersionOf, at, type Change, type Kind, only, type Projection } from '../../kube/index.ts';
import { type KeptInstance, readKept, statusWithKept } from '../../workload/index.ts';
import { LATTICE_EXTERNAL_SERVICE, LATTICE_SERVICE, POD, SERVICE, SERVICE_FIELDS } from '../service/kinds.ts';
import { serveKind } from '../service/served-watch.ts';
import { type Condition, readConditions } from '../status/index.ts';
import type { Scope } from '../tasks.ts';
import { CONFIG_MAP, FINALIZER, LATTICE_RESOURCE_CLASS, WORKLOAD_LABEL } from './kinds.ts';

/** A declaration as it is stored. */
export interface Stored<T> {
  readonly uid: string;
  readonly generation: number;
  /** Undefined when Lattice cannot read what it says. */
  readonly value: T | undefined;
  readonly deleting: boolean;
  /** Whether it has our finalizer. */
  readonly held: boolean;
  /** `status.workload` as it stands there. */
  readonly workload: unknown;
  /** What classes made for it, as its status has it. */
  readonly remembered: readonly KeptInstance[];
  readonly conditions: readonly Condition[];
}

/** What changed, for the world to hear; `undefined` when it is gone. */
export type InputChange =
  | { readonly kind: 'service'; readonly key: string; readonly after: Stored<LatticeService> | undefined }
  | { readonly kind: 'external'; readonly key: string; readonly after: Stored<LatticeExternalService> | undefined }
  | { readonly kind: 'class'; readonly key: string; readonly after: Stored<LatticeResourceClass> | undefined }
  | { readonly kind: 'config'; readonly key: string; readonly after: Readonly<Record<string, string>> | undefined }
  | { readonly kind: 'fact'; readonly key: string; readonly after: Fact | undefined }
  /** A pod that we made; `key` is that of its service. */
  | { readonly kind: 'pod'; readonly key: string };

export interface WorkloadInputs {
  readonly synced: Promise<void>;
  service(key: string): Stored<LatticeService> | undefined;
  /** Everything that is known now, as changes: classes and facts first, then who uses them. */
  all(): readonly InputChange[];
  /** Whether the pods of this service that Lattice made are all gone. */
  podsGone(key: string): boolean;
}

export interface WorkloadInputsOptions extends Scope {
  readonly onChange: (change: InputChange, initial: boolean) => void;
}

export function openWorkloadInputs({ context, tasks, signal, onChange }: WorkloadInputsOptions): WorkloadInputs {
  const follow = <T>(
    kind: Kind,
    projection: Projection<T>,
    heard: (change: Change<T>) => void,
    selector: { readonly fieldSelector?: string; readonly labelSelector?: string } = {},
  ) => {
    const served = serveKind<T>({
      context,
      tasks,
      signal,
      kind,
      // What was declared stays known while its definition is away: nothing may be taken for revoked then.
      keeps: true,
      projection,
      ...selector,
      onChange: heard,
      onReady: () => undefined,
    });
    return {
      synced: served.synced,
      entries: () => [...(served.store()?.entries() ?? [])],
      get: (key: string) => served.store()?.get(key),
    };
  };
  const declared = <T extends LatticeService | LatticeExternalService | LatticeResourceClass>(
    kind: Kind & { readonly kind: T['kind'] },
    change: (key: string, after: Stored<T> | undefined) => InputChange,
  ) => {
    const followed = follow<Stored<T>>(kind, storedProjection<T>(kind), (each) =>
      onChange(change(each.key, each.kind === 'deleted' ? undefined : each.after), each.initial),
    );
    return { ...followed, changes: () => followed.entries().map(([key, after]) => change(key, after)) };
  };
  const services = declared<LatticeService>({ ...LATTICE_SERVICE, kind: 'LatticeService' }, (key, after) => ({
    kind: 'service',
    key,
    after,
  }));
  const externals = declared<LatticeExternalService>(
    { ...LATTICE_EXTERNAL_SERVICE, kind: 'LatticeExternalService' },
    (key, after) => ({ kind: 'external', key, after }),
  );
  const classes = declared<LatticeResourceClass>(
    { ...LATTICE_RESOURCE_CLASS, kind: 'LatticeResourceClass' },
    (key, after) => ({ kind: 'class', key, after }),
  );

  const facts = follow<Fact | undefined>(SERVICE, factProjection(), (change) => {
    const after = change.kind === 'deleted' ? undefined : change.after;
    const before = change.kind === 'added' ? undefined : change.before;
    const known = after ?? before;
    if (known) onChange({ kind: 'fact', key: factId(known), after }, change.initial);
  });
  const configs = follow<Readonly<Record<string, string>>>(
    CONFIG_MAP,
    { mask: only('data'), of: (object) => stringsOf(object['data']) },
    (change) => {
      const after = change.kind === 'deleted' ? undefined : change.after;
      onChange({ kind: 'config', key: change.key, after }, change.initial);
    },
    { fieldSelector: 'metadata.name=lattice-config' },
  );
  const running = new Map<string, number>();
  const pods = follow<string>(
    POD,
    { mask: only('metadata.labels'), of: (object, key) => serviceOf(object, key) },
    (change) => {
      if (change.kind === 'modified') return;
      const key = change.kind === 'added' ? change.after : change.before;
      const count = (running.get(key) ?? 0) + (change.kind === 'added' ? 1 : -1);
      if (count > 0) running.set(key, count);
      else running.delete(key);
      if (count === 0) onChange({ kind: 'pod', key }, change.initial);
    },
    { labelSelector: 'app.kubernetes.io/managed-by=lattice' },
  );
  return {
    synced: Promise.all([services, externals, classes, facts, configs, pods].map(({ synced }) => synced)).then(
      () => undefined,
    ),
    service: (key) => services.get(key),
    all: () => [
      ...facts
        .entries()
        .flatMap(([, after]): InputChange[] => (after ? [{ kind: 'fact', key: factId(after), after }] : [])),
      ...configs.entries().map(([key, after]): InputChange => ({ kind: 'config', key, after })),
      ...classes.changes(),
      ...externals.changes(),
      ...services.changes(),
    ],
    podsGone: (key) => !running.has(key),
  };
}

function storedProjection<T extends LatticeService | LatticeExternalService | LatticeResourceClass>(
  kind: Kind & { readonly kind: T['kind'] },
): Projection<Stored<T>> {
  return {
    mask: allBut('metadata.managedFields'),
    of(object) {
      const { status, ...rest } = object;
      const metadata = at(rest, 'metadata');
      const parsed = parseObject({
        ...rest,
        ...statusWithKept(status),
        apiVersion: apiVersionOf(kind),
        kind: kind.kind,
      });
      const finalizers = at(metadata, 'finalizers');
      const generation = at(metadata, 'generation');
      return {
        uid: String(at(metadata, 'uid')),
        generation: typeof generation === 'number' ? generation : 0,
        value: parsed.ok && isOf<T>(parsed.value, kind.kind) ? withoutNoise(parsed.value) : undefined,
        deleting: at(metadata, 'deletionTimestamp') !== undefined,
        held: Array.isArray(finalizers) && finalizers.includes(FINALIZER),
        workload: at(status, 'workload'),
        remembered: readKept(status),
        conditions: readConditions(at(status, 'conditions')),
      };
    },
  };
}

/** What the API server counts up with every write says nothing about the declaration. */
function withoutNoise<T extends { readonly metadata: object }>(value: T): T {
  const { resourceVersion: _, ...metadata } = { resourceVersion: undefined, ...value.metadata };
  return { ...value, metadata };
}

function isOf<T extends { readonly kind: string }>(value: { readonly kind: string }, kind: T['kind']): value is T {
  return value.kind === kind;
}

function factProjection(): Projection<Fact | undefined> {
  return {
    mask: only(...SERVICE_FIELDS),
    // A Service of ours says nothing that its LatticeService has not said.
    of: (object) =>
      at(object, 'metadata', 'labels', WORKLOAD_LABEL) === undefined
        ? factOf({ ...object, kind: SERVICE.kind }, '')
        : undefined,
  };
}

function serviceOf(object: unknown, key: string): string {
  const name = at(object, 'metadata', 'labels', 'app.kubernetes.io/name');
  return `${key.slice(0, key.indexOf('/'))}/${String(name)}`;
}

function stringsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
