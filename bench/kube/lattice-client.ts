// Our client, measured against a real API server: `lattice-client.ts URL TASK COUNT [VERSION]`.
import { createClient, createWatch, only, type Projection, untyped } from '../../src/kube/index.ts';
import { at, stringAt } from '../../src/kube/json.ts';
import { lines } from '../../src/kube/watch/lines.ts';
import { readerFor } from '../../src/kube/watch/projection.ts';
import { storeWriter } from '../../src/kube/watch/store.ts';
import { benchAccess } from './access.ts';
import { perform, type Subject } from './tasks.ts';

const [url = '', ...task] = process.argv.slice(2);
const POD = untyped({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true });
const POLICY = untyped({
  group: 'cilium.io',
  version: 'v2',
  kind: 'CiliumNetworkPolicy',
  plural: 'ciliumnetworkpolicies',
  namespaced: true,
});

interface Pod {
  readonly uid: string;
  readonly labels: unknown;
  readonly ip: string;
  readonly phase: string;
  readonly node: string;
  readonly note: string;
}

const NOTE = ['metadata', 'annotations', 'bench'] as const;
const projection: Projection<Pod> = {
  mask: only('metadata.uid', 'metadata.labels', 'spec.nodeName', 'status.podIP', 'status.phase', NOTE),
  of: (pod) => ({
    uid: stringAt(pod, 'metadata', 'uid') ?? '',
    labels: at(pod, 'metadata', 'labels'),
    ip: stringAt(pod, 'status', 'podIP') ?? '',
    phase: stringAt(pod, 'status', 'phase') ?? '',
    node: stringAt(pod, 'spec', 'nodeName') ?? '',
    note: stringAt(pod, ...NOTE) ?? '',
  }),
};

const client = createClient(benchAccess(url));
const stopping = new AbortController();
let running = Promise.resolve();

const subject: Subject = {
  async follow(onUpdate) {
    const watch = createWatch(client, {
      kind: POD,
      projection,
      onChange(change) {
        if (change.kind === 'modified' && !change.initial) onUpdate(change.after.note);
      },
    });
    running = watch.run(stopping.signal);
    await watch.synced;
    return { listed: watch.store.size };
  },
  // What createWatch does with a watch, without the list before it.
  async replay(version, onUpdate) {
    const reader = readerFor(projection);
    const writer = storeWriter<Pod>(onUpdate);
    const splitter = lines();
    const path = `/api/v1/pods?watch=1&resourceVersion=${version}`;
    const { chunks } = await client.stream(path, { signal: stopping.signal });
    running = (async () => {
      for await (const chunk of chunks)
        splitter.feed(chunk, (line) => {
          const event = reader.event(line);
          if (event.kind === 'put') writer.put(event.item);
        });
    })().catch(() => undefined);
  },
  async apply(policy) {
    await client.apply(POLICY, policy, { signal: stopping.signal, force: true });
  },
  async close() {
    stopping.abort();
    await running;
    await client.close();
  },
};

await perform(subject, task);
