import {
  createWatch,
  type KindName,
  type KubeError,
  orAborted,
  type Store,
  type Watch,
  type WatchOptions,
} from '../../kube/index.ts';
import type { Scope } from '../tasks.ts';
import { followDefinition, type Serving } from './follow-definition.ts';
import { definitionOf } from './kinds.ts';

/** A watch over a kind that may not be installed: it runs while the kind is served. */
export interface ServedWatch {
  /** Resolves when it is known whether the kind is served, and if so when the cache holds its initial state. */
  readonly synced: Promise<void>;
  serving(): Serving;
  /** Served, and the cache holds everything. */
  ready(): boolean;
}

export interface ServedWatchOptions extends Scope {
  readonly kind: KindName;
  /** Makes the watch, each time anew when the kind is served again. */
  readonly watch: (onTrouble: (error: KubeError) => void) => Watch<unknown>;
  /** Called when it became ready or ceased to be. */
  readonly onReady: (ready: boolean) => void;
  /** Hears of every failure, of the definition's watch too; both go on by themselves. */
  readonly onTrouble?: (error: KubeError) => void;
  /** Keep the watch, and what it holds, when the kind is no longer served. */
  readonly keeps?: boolean;
}

export function serveWatch(options: ServedWatchOptions): ServedWatch {
  const { kind, context, tasks, signal, onReady } = options;
  const name = definitionOf(kind);
  let ending: AbortController | undefined;
  let ready = false;
  let current: Promise<void> | undefined;

  const onTrouble = (error: KubeError): void => {
    context.log.warn('watch: trouble, trying again', { kind: kind.kind, error, meaning: error.meaning });
    options.onTrouble?.(error);
  };
  const begin = (): void => {
    if (ending) return;
    const own = new AbortController();
    ending = own;
    const watch = options.watch(onTrouble);
    const until = AbortSignal.any([signal, own.signal]);
    tasks.start(watch.run(until));
    current = orAborted(watch.synced, until).then(
      () => {
        ready = true;
        onReady(true);
      },
      // Ended before it had synced: then it is not ready, and nobody waits for it.
      () => undefined,
    );
    tasks.start(current);
  };
  const end = (): void => {
    if (options.keeps) return;
    ending?.abort(new Error(`${kind.kind} is no longer served`));
    ending = undefined;
    current = undefined;
    if (!ready) return;
    ready = false;
    onReady(false);
  };
  if (name === undefined) {
    begin();
    return { synced: current ?? Promise.resolve(), serving: () => 'served', ready: () => ready };
  }
  const followed = followDefinition(name, kind.version, {
    client: context.client,
    clock: context.clock,
    random: context.random,
    onTrouble,
    onChange: (serving) => {
      context.log.info('definition: changed', { definition: name, serving });
      if (serving === 'served') begin();
      else end();
    },
  });
  tasks.start(followed.watch.run(signal));
  return {
    synced: followed.watch.synced.then(() => current),
    serving: () => followed.serving(),
    ready: () => ready && followed.serving() === 'served',
  };
}

export type ServedKindOptions<T> = Omit<ServedWatchOptions, 'watch'> &
  Pick<WatchOptions<T>, 'projection' | 'onChange' | 'labelSelector' | 'fieldSelector'>;

/** Like {@link serveWatch}, with watches that differ in nothing from one time that the kind is served to the next. */
export function serveKind<T>({
  projection,
  onChange,
  labelSelector,
  fieldSelector,
  ...served
}: ServedKindOptions<T>): ServedWatch & {
  /** What the last watch holds; undefined before the kind was ever served. */
  readonly store: () => Store<T> | undefined;
} {
  const { client, clock, random } = served.context;
  const { kind } = served;
  let store: Store<T> | undefined;
  const watch = serveWatch({
    ...served,
    watch: (onTrouble) => {
      const made = createWatch<T>(client, {
        kind,
        clock,
        random,
        projection,
        onChange,
        onTrouble,
        ...(labelSelector === undefined ? {} : { labelSelector }),
        ...(fieldSelector === undefined ? {} : { fieldSelector }),
      });
      store = made.store;
      return made;
    },
  });
  return { ...watch, store: () => store };
}
