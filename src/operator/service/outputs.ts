import {
  type Applier,
  createApplier,
  createWatch,
  idOf,
  type Kind,
  type KindName,
  type KubeError,
  type Observed,
  observedProjection,
  type Projection,
  refOf,
  type Watch,
} from '../../kube/index.ts';
import type { EngineName } from '../../policy/index.ts';
import { type ForeignObject, foreignOf } from '../foreign/index.ts';
import { type Condition, readConditions } from '../status/index.ts';
import type { Scope } from '../tasks.ts';
import { WRITTEN } from './kinds.ts';
import { OWNER_LABEL } from './labels.ts';
import { type ServedWatch, serveWatch } from './served-watch.ts';

/** What an engine says of an object of ours: that it does not enforce it, and why. */
export interface Rejection {
  readonly id: string;
  readonly condition: Condition;
}

/** The engines' objects in the cluster, ours and others'. */
export interface Outputs {
  readonly applier: Applier;
  readonly synced: Promise<void>;
  /** Whether objects of this kind can be written, and all that there are is known. */
  ready(kind: KindName): boolean;
  /** Kinds that are not served, with the engine that needs them. */
  missing(): readonly { readonly engine: EngineName; readonly kind: KindName }[];
  kindOf(apiVersion: string, kind: string): Kind;
  rejections(owner: string): readonly Rejection[];
}

export interface OutputsOptions extends Scope {
  /** An owner's objects are not as it left them, or an engine says something else of them. */
  readonly onDrift: (owner: string, initial: boolean) => void;
  /** An object that nobody of ours owns; undefined when it is gone, or became ours. */
  readonly onForeign: (kind: KindName, key: string, object: ForeignObject | undefined) => void;
  /** A kind became ready, or ceased to be. */
  readonly onKind: () => void;
}

interface Seen {
  readonly observed: Observed;
  readonly rejection: Condition | undefined;
  readonly foreign: ForeignObject | undefined;
}

export function openOutputs(options: OutputsOptions): Outputs {
  const { context, tasks, signal, onDrift, onForeign, onKind } = options;
  const { client, clock, random } = context;
  const rejections = new Map<string, Map<string, Rejection>>();
  const applier = createApplier({
    client,
    ownerLabel: OWNER_LABEL,
    onDrift: (owner, _id, initial) => onDrift(owner, initial),
  });
  const note = (id: string, owner: string | undefined, condition: Condition | undefined): boolean => {
    if (owner === undefined) return false;
    const known = rejections.get(owner)?.get(id)?.condition.message;
    if (condition)
      rejections.set(owner, (rejections.get(owner) ?? new Map<string, Rejection>()).set(id, { id, condition }));
    else rejections.get(owner)?.delete(id);
    return known !== condition?.message;
  };
  const watchOf =
    (kind: Kind) =>
    (onTrouble: (error: KubeError) => void): Watch<unknown> => {
      const watch: Watch<Seen> = createWatch<Seen>(client, {
        kind,
        clock,
        random,
        onTrouble,
        projection: seenProjection(kind),
        onChange(change) {
          const id = idOf(kind, refOf(change.key));
          const after = change.kind === 'deleted' ? undefined : change.after;
          const owner = after?.observed.owner ?? (change.kind === 'added' ? undefined : change.before.observed.owner);
          applier.see(
            kind,
            change.kind === 'added'
              ? { ...change, after: change.after.observed }
              : change.kind === 'modified'
                ? { ...change, before: change.before.observed, after: change.after.observed }
                : { ...change, before: change.before.observed },
          );
          if (note(id, owner, after?.rejection) && owner !== undefined) onDrift(owner, change.initial);
          if (after?.foreign || (change.kind !== 'added' && change.before.foreign))
            onForeign(kind, change.key, after?.foreign);
        },
        onRead: (version) => applier.reread(kind, (key) => watch.store.has(key), version),
      });
      return watch;
    };
  const served = context.compile.engines.flatMap((engine) =>
    WRITTEN[engine].map((kind: Kind) => ({
      engine,
      kind,
      watch: serveWatch({ context, tasks, signal, kind, watch: watchOf(kind), onReady: onKind }),
    })),
  );
  const find = (kind: KindName): ServedWatch | undefined =>
    served.find((each) => each.kind.kind === kind.kind && each.kind.group === kind.group)?.watch;
  return {
    applier,
    synced: Promise.all(served.map(({ watch }) => watch.synced)).then(() => undefined),
    ready: (kind) => find(kind)?.ready() ?? false,
    missing: () => served.filter(({ watch }) => !watch.ready()).map(({ engine, kind }) => ({ engine, kind })),
    kindOf(apiVersion, kind) {
      const found = served.find(
        (each) => `${each.kind.group}/${each.kind.version}` === apiVersion && each.kind.kind === kind,
      );
      if (!found) throw new Error(`the compilers made a ${kind} of ${apiVersion}, which nobody writes`);
      return found.kind;
    },
    rejections: (owner) => [...(rejections.get(owner)?.values() ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

/** Cilium says Valid; Istio says it for each proxy that has to enforce an object. */
const ACCEPTANCES: ReadonlySet<string> = new Set(['Valid', 'Accepted', 'ZtunnelAccepted', 'WaypointAccepted']);

function seenProjection(kind: KindName): Projection<Seen> {
  const ours = observedProjection(OWNER_LABEL);
  return {
    mask: 'keep',
    of: (object, key) => {
      const { status, ...rest } = object;
      const conditions: unknown =
        typeof status === 'object' && status !== null ? Reflect.get(status, 'conditions') : undefined;
      const observed = ours.of(rest, key);
      return {
        observed,
        foreign: observed.owner === undefined ? foreignOf(kind, rest) : undefined,
        rejection: readConditions(conditions).find((each) => ACCEPTANCES.has(each.type) && each.status === 'False'),
      };
    },
  };
}
