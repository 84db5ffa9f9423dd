import type { Labels } from '../../graph/index.ts';
import {
  createWatch,
  type Kind,
  type KindName,
  type KubeError,
  means,
  only,
  orAborted,
  refOf,
  untyped,
} from '../../kube/index.ts';
import { serveKind } from '../service/served-watch.ts';
import type { Scope } from '../tasks.ts';
import { type ForeignObject, foreignProjection, labelsOf } from './foreign-object.ts';
import { ENFORCED_TOO } from './kinds.ts';

export interface ForeignWatchOptions extends Scope {
  readonly onPolicy: (kind: KindName, key: string, object: ForeignObject | undefined) => void;
  readonly onNamespace: (name: string, labels: Labels) => void;
}

export interface ForeignWatches {
  /** Resolves when every cache holds the initial state, or may not. */
  readonly synced: Promise<void>;
  /** Kinds that may not be read. */
  unreadable(): readonly string[];
}

const NAMESPACE = untyped({ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false });

/** Watches what the engines enforce besides what Lattice writes, and the labels by which it selects namespaces. */
export function watchForeign({ context, tasks, signal, onPolicy, onNamespace }: ForeignWatchOptions): ForeignWatches {
  const { client, clock, random, compile } = context;
  const unreadable = new Set<string>();
  const kinds = compile.engines.flatMap((engine): readonly Kind[] =>
    ENFORCED_TOO[engine].filter(({ kind }) => kind !== 'NetworkPolicy' || !compile.engines.includes('kubernetes')),
  );
  const watches = kinds.map((kind) => {
    const { promise: refused, resolve: refuse } = Promise.withResolvers<void>();
    const hear = (error: KubeError): void => {
      if (!means(error, 'forbidden')) return;
      unreadable.add(kind.kind);
      refuse();
    };
    const known = new Set<string>();
    const served = serveKind<ForeignObject>({
      context,
      tasks,
      signal,
      kind,
      onTrouble: hear,
      projection: foreignProjection(kind),
      onChange(change) {
        if (change.kind === 'deleted') known.delete(change.key);
        else known.add(change.key);
        onPolicy(kind, change.key, change.kind === 'deleted' ? undefined : change.after);
      },
      onReady(ready) {
        unreadable.delete(kind.kind);
        if (ready) return;
        for (const key of known) onPolicy(kind, key, undefined);
        known.clear();
      },
    });
    return Promise.race([served.synced, refused]);
  });
  const namespaces = createWatch(client, {
    kind: NAMESPACE,
    clock,
    random,
    projection: { mask: only('metadata.labels'), of: labelsOf },
    onChange: (change) => onNamespace(refOf(change.key).name, change.kind === 'deleted' ? {} : change.after),
    onTrouble: (error) => context.log.warn('watch: trouble, trying again', { kind: 'Namespace', error }),
  });
  tasks.start(namespaces.run(signal));
  return {
    // Ended before that, nobody waits for it.
    synced: Promise.all([...watches, orAborted(namespaces.synced, signal).catch(() => undefined)]).then(
      () => undefined,
    ),
    unreadable: () => [...unreadable].sort(),
  };
}
