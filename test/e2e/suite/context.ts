// What the tests of one run share: the cluster, a client of it, its kinds.
import { createClient, discover, type DiscoveredKind, type Client, untyped } from '../../../src/kube/index.ts';
import type { Cluster } from '../cluster/index.ts';
import { until } from '../until.ts';

export interface Context {
  readonly cluster: Cluster;
  /** Straight to the server, whatever a test does to the connections of others. */
  readonly client: Client;
  /** Creates what is not there, and remembers to delete it. */
  readonly namespace: (name: string) => Promise<void>;
  readonly kinds: () => Promise<readonly DiscoveredKind[]>;
  readonly close: () => Promise<void>;
}

export const NAMESPACE = untyped({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
});

const POD = untyped({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true });

export const forever = (): AbortSignal => new AbortController().signal;

export function createContext(cluster: Cluster): Context {
  const client = createClient(cluster.access);
  const made = new Set<string>();
  const call = { signal: forever() };
  return {
    cluster,
    client,
    async namespace(name) {
      if (await client.find(NAMESPACE, { name }, call)) return;
      await client.create(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, call);
      made.add(name);
    },
    kinds: () => discover(client, call),
    async close() {
      for (const namespace of made) {
        // No kubelet says that a pod's containers have ended, and its namespace would wait for that.
        for (const { metadata } of await client.list(POD, { ...call, namespace }))
          await client.delete(POD, { namespace, name: metadata.name }, { ...call, gracePeriodSeconds: 0 });
        await client.delete(NAMESPACE, { name: namespace }, call);
      }
      if (cluster.lacksControllers === undefined) {
        for (const name of made) {
          await until(`namespace ${name} is gone`, async () =>
            (await client.find(NAMESPACE, { name }, call)) ? undefined : true,
          );
        }
      }
      await client.close();
    },
  };
}
