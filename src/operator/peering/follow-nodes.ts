import { fabricNodeStatus } from '../../api/index.ts';
import { at, createWatch, type JsonObject, only } from '../../kube/index.ts';
import type { Scope } from '../tasks.ts';
import { lifeOf, type NodeFact, type NodeReport } from './coverage.ts';
import { NODE, NODE_STATUS } from './kinds.ts';
import { openCache } from './stored.ts';

/** The nodes, and what their agents report. */
export interface Nodes {
  readonly synced: Promise<void>;
  all(): Iterable<NodeFact>;
  reportOf(node: string): NodeReport | undefined;
  /** Whether some agent has reported lately. */
  haveAgents(): boolean;
}

/** `onChange`: a node or a report changed. */
export function followNodes({ onChange, ...scope }: Scope & { readonly onChange: () => void }): Nodes {
  const { client, clock, random, log } = scope.context;
  const reports = openCache<NodeReport>({
    ...scope,
    kind: NODE_STATUS,
    fields: ['status'],
    of: (object) => fabricNodeStatus.shape.status.safeParse(object['status']).data,
    onChange,
    onReady: onChange,
  });
  const nodes = createWatch<NodeFact>(client, {
    kind: NODE,
    projection: {
      mask: only('metadata.name', 'metadata.labels'),
      of: (object, key) => ({ name: key, counts: holdsPods(object) }),
    },
    onChange,
    onTrouble: (error) => log.warn('watch: trouble, trying again', { kind: 'Node', error }),
    clock,
    random,
  });
  scope.tasks.start(nodes.run(scope.signal));
  const reportOf = (node: string): NodeReport | undefined => reports.get(node)?.value;
  return {
    synced: Promise.all([reports.synced, nodes.synced]).then(() => undefined),
    all: () => [...nodes.store.entries()].map(([, node]) => node),
    reportOf,
    haveAgents: () =>
      reports.keys().some((node) => {
        const report = reportOf(node);
        return report !== undefined && lifeOf(report, clock.wall()) > 0;
      }),
  };
}

/** Linux, and not a stand-in for a cluster. */
function holdsPods({ metadata }: JsonObject): boolean {
  const label = (name: string): unknown => at(metadata, 'labels', name);
  return label('kubernetes.io/os') !== 'windows' && label('liqo.io/type') !== 'virtual-node';
}
