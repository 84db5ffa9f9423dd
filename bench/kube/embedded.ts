// The embedded control plane over real sockets: start, memory, requests, watches.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, untyped } from '../../src/kube/index.ts';
import { lines } from '../../src/kube/watch/lines.ts';
import { benchAccess } from './access.ts';
import { memoryMb, point, quantile, rate } from './meter.ts';
import { pool } from './pool.ts';
import { bundle, load, type Measured, run, say } from './process.ts';

export interface EmbeddedOptions {
  readonly objects: number;
  readonly watches: number;
  readonly runs: number;
}

export async function measureEmbedded({ objects, watches, runs }: EmbeddedOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lattice-bench-'));
  try {
    const program = bundle(join(import.meta.dirname, 'embedded-subject.ts'), folder);
    for (let i = 0; i < runs; i++) {
      const began = performance.now();
      const server = run([program]);
      const { rssMb, cpuMs } = await server.next();
      say({ case: 'embedded start', readyMs: Math.round(performance.now() - began), cpuMs, rssMb, load: load() });
      await server.end();
    }
    const server = run([program]);
    try {
      await work(server, objects, watches);
    } finally {
      await server.end();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const signal = new AbortController().signal;
const CONFIG_MAP = untyped({ group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true });
const refOf = (index: number) => ({ namespace: 'default', name: `object-${String(index).padStart(5, '0')}` });
const objectOf = (index: number, value: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...refOf(index), labels: { app: 'bench' } },
  data: { value, text: 'x'.repeat(900) },
});

async function work(server: Measured, objects: number, watches: number): Promise<void> {
  const { url, ca, token } = await server.next();
  Object.assign(process.env, { BENCH_CA: String(ca), BENCH_TOKEN: String(token) });
  const client = createClient(benchAccess(String(url)));
  const measure = async (what: string, count: number, task: (index: number) => Promise<unknown>): Promise<void> => {
    const began = point();
    const took = await pool(count, 32, task);
    const { perSecond } = rate(began, point(), count);
    const [p50Ms, p99Ms] = [quantile(took, 0.5), quantile(took, 0.99)];
    say({ case: 'embedded', what, count, perSecond, p50Ms, p99Ms, rssMb: memoryMb('VmRSS', server.pid), load: load() });
  };
  try {
    await measure('create', objects, (index) => client.create(CONFIG_MAP, objectOf(index, '1'), { signal }));
    await measure('read', objects, (index) => client.read(CONFIG_MAP, refOf(index), { signal }));
    await measure('apply, changed', objects, (index) =>
      client.apply(CONFIG_MAP, objectOf(index, '2'), { signal, force: true }),
    );
    await measure('apply, unchanged', objects, (index) =>
      client.apply(CONFIG_MAP, objectOf(index, '2'), { signal, force: true }),
    );
    await measure('list of all', 10, () => client.list(CONFIG_MAP, { signal }));
    await watched(client, server, watches);
  } finally {
    await client.close();
  }
}

/** Every watch hears of every write: events per second over all of them, and the time from a write to the last of them. */
async function watched(client: Client, server: Measured, watches: number): Promise<void> {
  const stopping = new AbortController();
  const heard = counter();
  const query = 'watch=1&resourceVersion=0&fieldSelector=metadata.name%3Dobject-00000';
  const path = `/api/v1/namespaces/default/configmaps?${query}`;
  const answers = await Promise.all(
    Array.from({ length: watches }, () => client.stream(path, { signal: stopping.signal })),
  );
  const ends = answers.map(async ({ chunks }) => {
    const splitter = lines();
    for await (const chunk of chunks) splitter.feed(chunk, heard.add);
  });
  await heard.reached(watches);
  const began = point();
  const took: number[] = [];
  for (let write = 1; write <= WRITES; write++) {
    const start = performance.now();
    await client.apply(CONFIG_MAP, objectOf(0, `watched ${write}`), { signal, force: true });
    await heard.reached(watches * (write + 1));
    took.push(performance.now() - start);
  }
  const { perSecond } = rate(began, point(), watches * WRITES);
  const [p50Ms, p99Ms] = [quantile(took, 0.5), quantile(took, 0.99)];
  const rssMb = memoryMb('VmRSS', server.pid);
  say({ case: 'embedded', what: 'events to all watches', watches, perSecond, p50Ms, p99Ms, rssMb, load: load() });
  stopping.abort();
  await Promise.allSettled(ends);
}

const WRITES = 50;

/** Counts, and tells when a number is reached. One waiter at a time. */
function counter() {
  let count = 0;
  let goal = Number.POSITIVE_INFINITY;
  let done = (): void => undefined;
  return {
    add(this: void): void {
      count += 1;
      if (count >= goal) done();
    },
    reached(number: number): Promise<void> {
      if (count >= number) return Promise.resolve();
      goal = number;
      return new Promise((resolve) => {
        done = resolve;
      });
    },
  };
}
