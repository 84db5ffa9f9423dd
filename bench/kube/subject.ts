// One measured client, in a process of its own: `subject.ts MODE URL PODS EVENTS`, CA in the environment; prints JSON.
import { Agent } from 'undici';
import { createClient, createWatch, only, untyped, type Projection } from '../../src/kube/index.ts';
import { at, stringAt } from '../../src/kube/json.ts';
import { benchAccess } from './access.ts';
import { collectedMb, memoryMb, point, type Point, rate } from './meter.ts';

type Mode = 'stream' | 'pages' | 'parse';

interface Pod {
  readonly uid: string;
  readonly labels: unknown;
  readonly ip: string;
  readonly phase: string;
  readonly node: string;
}

const [mode = 'stream', server = '', pods = '0', events = '0'] = process.argv.slice(2);
const ca = process.env.BENCH_CA ?? '';
const POD = untyped({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true });
const mask = only('metadata.uid', 'metadata.labels', 'spec.nodeName', 'status.podIP', 'status.phase');
const projection: Projection<Pod> = { mask, of: podOf };

function podOf(object: unknown): Pod {
  return {
    uid: stringAt(object, 'metadata', 'uid') ?? '',
    labels: at(object, 'metadata', 'labels'),
    ip: stringAt(object, 'status', 'podIP') ?? '',
    phase: stringAt(object, 'status', 'phase') ?? '',
    node: stringAt(object, 'spec', 'nodeName') ?? '',
  };
}

const start = point();
const bare = memoryMb('VmRSS');
const report = (listed: Point, extra: Record<string, number>): void => {
  const list = { wallMs: Math.round(listed.wall - start.wall), cpuMs: Math.round(listed.cpu - start.cpu) };
  const liveHeapMb = Math.round(process.memoryUsage().heapUsed / 2 ** 20);
  process.stdout.write(`${JSON.stringify({ mode, bareMb: bare, list, ...extra, liveHeapMb })}\n`);
};

if (mode === 'parse') await parseEverything();
else await watchPods(mode === 'pages' ? 'pages' : 'stream');

async function watchPods(how: Exclude<Mode, 'parse'>): Promise<void> {
  const client = createClient(benchAccess(server));
  const stopping = new AbortController();
  const { promise: ingested, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  let first: Point | undefined;
  const watch = createWatch(client, {
    kind: POD,
    projection,
    streams: how === 'stream',
    timing: { quickMs: 0 },
    onChange(change) {
      if (change.initial) return;
      first ??= point();
      seen += 1;
      if (seen === Number(events)) resolve();
    },
  });
  const running = watch.run(stopping.signal);
  await watch.synced;
  const listed = point();
  const afterListMb = memoryMb('VmRSS');
  if (watch.store.size !== Number(pods)) throw new Error(`${watch.store.size} pods`);
  const extra: Record<string, number> = { afterListMb };
  if (Number(events) === 0) extra.afterGcMb = collectedMb();
  else {
    await ingested;
    const done = point();
    const began = first ?? done;
    const { perSecond, cpuUs } = rate(began, done, Number(events));
    extra.eventsPerSecond = perSecond;
    extra.cpuPerEventUs = cpuUs;
    extra.afterGcMb = collectedMb();
  }
  extra.peakMb = memoryMb('VmHWM');
  report(listed, extra);
  stopping.abort();
  await running;
  await client.close();
}

/** The floor to compare with: pages of 500, JSON.parse of each whole, the same projection. */
async function parseEverything(): Promise<void> {
  const agent = new Agent({ allowH2: false, connect: { ca } });
  const kept = new Map<string, Pod>();
  let next = '';
  do {
    const response = await agent.request({
      origin: server,
      path: `/api/v1/pods?limit=500&continue=${next}`,
      method: 'GET',
    });
    const list: unknown = JSON.parse(await response.body.text());
    const items = at(list, 'items');
    for (const item of Array.isArray(items) ? items : [])
      kept.set(`${stringAt(item, 'metadata', 'namespace')}/${stringAt(item, 'metadata', 'name')}`, podOf(item));
    next = stringAt(list, 'metadata', 'continue') ?? '';
  } while (next !== '');
  const listed = point();
  const afterListMb = memoryMb('VmRSS');
  report(listed, { afterListMb, afterGcMb: collectedMb(), peakMb: memoryMb('VmHWM') });
  await agent.destroy();
}
