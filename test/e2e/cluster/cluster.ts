import type { ClusterAccess } from '../../../src/kube/index.ts';

/** An API server to run the suite against. */
export interface Cluster {
  readonly access: ClusterAccess;
  /**
   * What can be done to a server that is ours; undefined for a cluster that someone else uses.
   * `restart` is answered when the server is back; the embedded one, which forgets all when its process ends, keeps the
   * process, and breaks connections, writes and watches. After `forget`, watches from before are answered with 410.
   */
  readonly power: { readonly restart: () => Promise<void>; readonly forget: () => Promise<void> } | undefined;
  /** What it lacks, as words for a skipped test; undefined when it collects garbage and empties namespaces. */
  readonly lacksControllers: string | undefined;
  readonly close: () => Promise<void>;
}

/** Where a cluster may keep its files; `kubeconfig` is written before it is ready. */
export interface Place {
  readonly folder: string;
  readonly kubeconfig: string;
}
