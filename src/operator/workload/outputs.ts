import {
  type Applier,
  createApplier,
  createWatch,
  discover,
  findKind,
  type Kind,
  type KubeError,
  observedProjection,
  type Observed,
  type Projection,
  untyped,
  type Watch,
} from '../../kube/index.ts';
import type { Scope } from '../tasks.ts';
import { readRollout, type Rollout } from './decide-workload-status.ts';
import { RENDERED, WORKLOAD_LABEL } from './kinds.ts';

/** The objects in the cluster that run services, as far as they are ours. */
export interface WorkloadOutputs {
  readonly applier: Applier;
  readonly synced: Promise<void>;
  /** The kind of an object that is to be applied; undefined while the cluster does not serve it. */
  kindOf(
    object: { readonly apiVersion: string; readonly kind: string },
    signal: AbortSignal,
  ): Promise<Kind | undefined>;
  /** Of the Deployment or StatefulSet with this key. */
  rollout(key: string): Rollout | undefined;
}

export interface WorkloadOutputsOptions extends Scope {
  /** An owner's objects are not as it left them, or its rollout went on. */
  readonly onChange: (owner: string, initial: boolean) => void;
}

interface Seen {
  readonly observed: Observed;
  readonly rollout: Rollout | undefined;
}

export function openWorkloadOutputs({ context, tasks, signal, onChange }: WorkloadOutputsOptions): WorkloadOutputs {
  const { client, clock, random, log } = context;
  const rollouts = new Map<string, Rollout>();
  const applier = createApplier({
    client,
    ownerLabel: WORKLOAD_LABEL,
    onDrift: (owner, _id, initial) => onChange(owner, initial),
  });
  const onTrouble =
    (kind: Kind) =>
    (error: KubeError): void =>
      log.warn('watch: trouble, trying again', { kind: kind.kind, error, meaning: error.meaning });
  const watchOf = (kind: Kind): Watch<Seen> => {
    const rolls = kind.kind === 'Deployment' || kind.kind === 'StatefulSet';
    const watch: Watch<Seen> = createWatch<Seen>(client, {
      kind,
      clock,
      random,
      labelSelector: WORKLOAD_LABEL,
      projection: seenProjection(rolls),
      onTrouble: onTrouble(kind),
      onChange(change) {
        const after = change.kind === 'deleted' ? undefined : change.after;
        const before = change.kind === 'added' ? undefined : change.before;
        const id = `${kind.kind} ${change.key}`;
        if (after?.rollout) rollouts.set(id, after.rollout);
        else rollouts.delete(id);
        if (change.kind === 'added') applier.see(kind, { ...change, after: change.after.observed });
        else if (change.kind === 'deleted') applier.see(kind, { ...change, before: change.before.observed });
        else applier.see(kind, { ...change, before: change.before.observed, after: change.after.observed });
        const owner = after?.observed.owner ?? before?.observed.owner;
        if (rolls && owner !== undefined) onChange(owner, change.initial);
      },
      onRead: (version) => applier.reread(kind, (key) => watch.store.has(key), version),
    });
    tasks.start(watch.run(signal));
    return watch;
  };
  const fixed = RENDERED.map((kind) => ({ kind, watch: watchOf(kind) }));
  /** Kinds of other operators, from the templates of classes: watched from the first time that one is written. */
  const foreign = new Map<string, { readonly kind: Kind; readonly watch: Watch<Seen> }>();
  return {
    applier,
    synced: Promise.all(fixed.map(({ watch }) => watch.synced)).then(() => undefined),
    async kindOf({ apiVersion, kind }, call) {
      const known =
        fixed.find((each) => each.kind.kind === kind && apiVersionIs(each.kind, apiVersion)) ??
        foreign.get(`${apiVersion} ${kind}`);
      if (known) return known.kind;
      const found = findKind(await discover(client, { signal: call }), apiVersion, kind);
      if (!found?.namespaced) return undefined;
      const { group, version, plural } = found;
      const made = untyped({ group, version, kind, plural, namespaced: true });
      const entry = foreign.get(`${apiVersion} ${kind}`) ?? { kind: made, watch: watchOf(made) };
      foreign.set(`${apiVersion} ${kind}`, entry);
      await entry.watch.synced;
      return entry.kind;
    },
    rollout: (key) => rollouts.get(`Deployment ${key}`) ?? rollouts.get(`StatefulSet ${key}`),
  };
}

function apiVersionIs({ group, version }: Kind, apiVersion: string): boolean {
  return (group === '' ? version : `${group}/${version}`) === apiVersion;
}

function seenProjection(rolls: boolean): Projection<Seen> {
  const ours = observedProjection(WORKLOAD_LABEL);
  return {
    mask: rolls ? 'keep' : ours.mask,
    of: (object, key) => {
      const { status: _, ...rest } = object;
      return { observed: ours.of(rest, key), rollout: rolls ? readRollout(object) : undefined };
    },
  };
}
