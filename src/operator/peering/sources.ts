import { apiVersionOf, type FieldPath, type Kind, only } from '../../kube/index.ts';
import { type Changed, type Fact, readFact, type ReadOptions, type Topology } from '../../peering/index.ts';
import { serveKind } from '../service/served-watch.ts';
import type { Scope } from '../tasks.ts';
import { CONFIGURATION, NETWORK, NODE, OFFLOADING, POD, VIRTUAL_NODE } from './kinds.ts';

const label = (name: string): FieldPath => ['metadata', 'labels', name];

/** Every kind that peerings depend on, and the fields that are read of it: nothing else is decoded or kept. */
const SOURCES: readonly { readonly kind: Kind; readonly fields: readonly FieldPath[] }[] = [
  {
    kind: POD,
    fields: [
      'metadata.deletionTimestamp',
      label('liqo.io/shadowPod'),
      label('offloading.liqo.io/origin'),
      'spec.nodeName',
      'spec.hostNetwork',
      'status.phase',
      'status.podIP',
      'status.podIPs',
    ],
  },
  { kind: NODE, fields: [label('liqo.io/type'), label('liqo.io/remote-cluster-id')] },
  { kind: VIRTUAL_NODE, fields: [label('liqo.io/remote-cluster-id'), 'spec.clusterID'] },
  { kind: OFFLOADING, fields: ['metadata.name'] },
  { kind: NETWORK, fields: ['metadata.labels', 'spec.cidr', 'status.cidr'] },
  { kind: CONFIGURATION, fields: ['metadata.labels', 'spec.local', 'status.remote'] },
];

export interface SourceOptions extends Scope {
  readonly topology: Topology;
  readonly read: ReadOptions;
  /** Hears what each event changed; never called with nothing. */
  readonly onChanged: (changed: Changed) => void;
}

/** Feeds a topology from the cluster. Kinds of Liqo that are not installed tell nothing until they are. */
export function openSources(options: SourceOptions): { readonly synced: Promise<void> } {
  return { synced: Promise.all(SOURCES.map((source) => open(source, options))).then(() => undefined) };
}

function open({ kind, fields }: (typeof SOURCES)[number], options: SourceOptions): Promise<void> {
  const { context, tasks, signal, topology } = options;
  const told = new Map<string, Fact>();
  const tell = (fact: Fact): void => {
    const changed = topology.apply(fact);
    if (changed.sets.size + changed.ranges.size > 0) options.onChanged(changed);
  };
  const gone = (key: string): void => {
    const last = told.get(key);
    told.delete(key);
    if (last) tell(withoutValue(last));
  };
  const served = serveKind<Fact | undefined>({
    kind,
    context,
    tasks,
    signal,
    projection: {
      mask: only('metadata.name', ...fields),
      of: (object) => readFact({ ...object, apiVersion: apiVersionOf(kind), kind: kind.kind }, false, options.read),
    },
    onChange: (change) => {
      if (change.kind === 'deleted' || !change.after) gone(change.key);
      else {
        told.set(change.key, change.after);
        tell(change.after);
      }
    },
    onReady: (ready) => {
      // The definition went, and its objects with it: ranges stay known as the last ones.
      if (!ready) for (const key of told.keys()) gone(key);
    },
  });
  return served.synced;
}

function withoutValue(fact: Fact): Fact {
  switch (fact.kind) {
    case 'pod':
      return { ...fact, pod: undefined };
    case 'node':
      return { ...fact, cluster: undefined };
    case 'offloading':
      return { ...fact, namespace: undefined };
    case 'cidrs':
      return { ...fact, claims: [] };
  }
}
