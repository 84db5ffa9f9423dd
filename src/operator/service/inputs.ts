import {
  type LatticeExternalService,
  type LatticeResourceClass,
  type LatticeService,
  parseObject,
} from '../../api/index.ts';
import { type Fact, factId, factOf, type Labels } from '../../graph/index.ts';
import { LATTICE_RESOURCE_CLASS } from '../workload/kinds.ts';
import {
  allBut,
  apiVersionOf,
  type Change,
  type FieldPath,
  type Kind,
  only,
  type Projection,
  type Store,
} from '../../kube/index.ts';
import type { Scope } from '../tasks.ts';
import { type Declaration, declarationProjection, isSame } from './declaration.ts';
import {
  GATEWAY,
  LATTICE_EXTERNAL_SERVICE,
  LATTICE_SERVICE,
  NAMESPACE,
  POD,
  SERVICE,
  SERVICE_FIELDS,
  TEMPLATES,
} from './kinds.ts';
import { type ServedWatch, serveKind } from './served-watch.ts';
import type { Affected, World } from './world.ts';

/** What the graph is made of, as the watches see it. */
export interface Inputs {
  /** Resolves when every cache holds the initial state. It waits for the definitions of Lattice's own kinds. */
  readonly synced: Promise<void>;
  service(key: string): Declaration<LatticeService> | undefined;
  external(key: string): Declaration<LatticeExternalService> | undefined;
  versionOf(kind: 'service' | 'external', key: string): string | undefined;
  /** Keys of everything that is declared, readable or not. */
  services(): Iterable<string>;
  externals(): Iterable<string>;
  /** Whether declarations can be trusted to be complete: no, while their definition is missing or on its way out. */
  areComplete(): boolean;
}

export interface InputsOptions extends Scope {
  readonly world: World;
  /** Hears whom a change affects. `initial`: found by a full read. */
  readonly onAffected: (affected: Affected, initial: boolean) => void;
  /** Pods with these labels came, went or changed. */
  readonly onPods: (namespace: string, labels: Labels) => void;
  /** The status of a declaration is not what was last seen there, or it is new or gone. */
  readonly onDeclaration: (kind: 'service' | 'external', key: string, gone: boolean) => void;
  /** A declaration is gone; `peers` are the owners that its going affects, and hear of it only then. */
  readonly onGone: (kind: 'service' | 'external', key: string, peers: readonly string[]) => void;
  /** `areComplete` changed. */
  readonly onComplete: () => void;
}

/** Follows all that the graph is made of, tells the world of each change, and says whom it affects. */
export function openInputs(options: InputsOptions): Inputs {
  const services = followDeclared<LatticeService>({ ...LATTICE_SERVICE, kind: 'LatticeService' }, 'service', options);
  const externals = followDeclared<LatticeExternalService>(
    { ...LATTICE_EXTERNAL_SERVICE, kind: 'LatticeExternalService' },
    'external',
    options,
  );
  const classes = followClasses(options);
  const facts = FACTS.map(({ kind, mask }) => followFacts(kind, mask, options));
  return {
    synced: Promise.all([services, externals, classes, ...facts].map(({ synced }) => synced)).then(() => undefined),
    service: (key) => services.store()?.get(key),
    external: (key) => externals.store()?.get(key),
    versionOf: (kind, key) => (kind === 'service' ? services : externals).store()?.versionOf(key),
    services: () => services.store()?.keys() ?? [],
    externals: () => externals.store()?.keys() ?? [],
    areComplete: () => services.isComplete() && externals.isComplete(),
  };
}

interface Declared<T extends LatticeService | LatticeExternalService> {
  readonly synced: Promise<void>;
  isComplete(): boolean;
  store(): Store<Declaration<T>> | undefined;
}

function followDeclared<T extends LatticeService | LatticeExternalService>(
  kind: Kind & { readonly kind: T['kind'] },
  as: 'service' | 'external',
  options: InputsOptions,
): Declared<T> {
  const { context, tasks, signal, world, onAffected, onComplete, onDeclaration, onGone } = options;
  const first = Promise.withResolvers<void>();
  const served = serveKind<Declaration<T>>({
    context,
    tasks,
    signal,
    kind,
    // What was declared stays known while its definition is away: nothing may be taken for revoked then.
    keeps: true,
    projection: declarationProjection<T>(kind),
    onChange(change) {
      const affected = takeDeclaration(world, kind.kind, change);
      if (change.kind === 'deleted') onGone(as, change.key, affected?.owners ?? []);
      if (affected) onAffected(affected, change.initial);
      onDeclaration(as, change.key, change.kind === 'deleted');
    },
    onReady() {
      first.resolve();
      onComplete();
    },
  });
  return { synced: first.promise, isComplete: () => served.ready(), store: () => served.store() };
}

function followClasses({ context, tasks, signal, world, onAffected }: InputsOptions): ServedWatch {
  return serveKind<LatticeResourceClass | undefined>({
    context,
    tasks,
    signal,
    kind: LATTICE_RESOURCE_CLASS,
    keeps: true,
    projection: { mask: allBut('metadata.managedFields', 'status'), of: readClass },
    onChange(change) {
      const after = change.kind === 'deleted' ? undefined : change.after;
      onAffected(after ? world.putClass(after) : world.removeClass(change.key), change.initial);
    },
    onReady: () => undefined,
  });
}

function followFacts(kind: Kind, mask: readonly FieldPath[], options: InputsOptions): ServedWatch {
  const { context, tasks, signal, world, onAffected, onPods } = options;
  const served = serveKind<Fact | undefined>({
    context,
    tasks,
    signal,
    kind,
    projection: factProjection(kind, mask),
    onChange(change) {
      takeFact(world, change, onAffected);
      for (const fact of [
        change.kind === 'added' ? undefined : change.before,
        change.kind === 'deleted' ? undefined : change.after,
      ])
        if (fact?.kind === 'pod') onPods(fact.namespace, fact.labels);
    },
    onReady(ready) {
      if (ready) return;
      for (const [, fact] of served.store()?.entries() ?? []) {
        if (fact) onAffected(world.remove({ kind: 'fact', id: factId(fact) }), false);
      }
    },
  });
  return served;
}

/** A class that cannot be read provides nothing. */
function readClass(object: Readonly<Record<string, unknown>>): LatticeResourceClass | undefined {
  const { kind } = LATTICE_RESOURCE_CLASS;
  const parsed = parseObject({ ...object, apiVersion: apiVersionOf(LATTICE_RESOURCE_CLASS), kind });
  return parsed.ok && parsed.value.kind === 'LatticeResourceClass' ? parsed.value : undefined;
}

/** What factOf reads of a pod. */
const POD_FIELDS: readonly (readonly string[])[] = [
  ['metadata', 'labels'],
  ['metadata', 'annotations', 'sidecar.istio.io/inject'],
  ['spec', 'serviceAccountName'],
  ['spec', 'serviceAccount'],
  ['spec', 'hostNetwork'],
  ['spec', 'containers', 'ports'],
  ['spec', 'initContainers', 'ports'],
];

function templateFields({ kind }: Kind): readonly FieldPath[] {
  const template = kind === 'CronJob' ? ['spec', 'jobTemplate', 'spec', 'template'] : ['spec', 'template'];
  return POD_FIELDS.map((path) => [...template, ...path]);
}

/** What facts are made of, and the fields of each that are read. */
const FACTS: readonly { readonly kind: Kind; readonly mask: readonly FieldPath[] }[] = [
  { kind: NAMESPACE, mask: ['metadata.labels'] },
  { kind: SERVICE, mask: SERVICE_FIELDS },
  { kind: POD, mask: ['status.phase', ...POD_FIELDS] },
  ...TEMPLATES.map((kind) => ({ kind, mask: templateFields(kind) })),
  { kind: GATEWAY, mask: ['metadata.labels', 'status.conditions'] },
];

function factProjection(kind: Kind, mask: readonly FieldPath[]): Projection<Fact | undefined> {
  return { mask: only(...mask), of: (object) => factOf({ ...object, kind: kind.kind }, '') };
}

function takeFact(world: World, change: Change<Fact | undefined>, onAffected: InputsOptions['onAffected']): void {
  const after = change.kind === 'deleted' ? undefined : change.after;
  const before = change.kind === 'added' ? undefined : change.before;
  if (after) onAffected(world.put(after), change.initial);
  else if (before) onAffected(world.remove({ kind: 'fact', id: factId(before) }), change.initial);
}

function takeDeclaration<T extends LatticeService | LatticeExternalService>(
  world: World,
  kind: T['kind'],
  change: Change<Declaration<T>>,
): Affected | undefined {
  if (change.kind === 'modified' && isSame(change.before, change.after)) return undefined;
  const value = change.kind === 'deleted' ? undefined : change.after.value;
  return value ? world.put(value) : world.remove({ kind, key: change.key });
}
