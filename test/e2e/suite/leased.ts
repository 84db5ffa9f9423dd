// Two replicas, one Lease, clocks that disagree by hours.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  createClient,
  createElector,
  createWatch,
  type Clock,
  type Elector,
  fieldsProjection,
  leaseStore,
  means,
  systemClock,
} from '../../../src/kube/index.ts';
import { machine } from '../../../src/kube/testing/lease-world.ts';
import { until } from '../until.ts';
import { openWay, type Way } from '../way.ts';
import { type Context, forever } from './context.ts';
import { CONFIG_MAP, configMap, valueOf } from './scene.ts';

const NAMESPACE = 'lattice-e2e-leased';
/** What tests with two holders use (design.md section 10). */
const TIMING = { leaseMs: 2000, renewMs: 1500, retryMs: 500 };
const AN_HOUR = 3_600_000;

export function leasedSuite(contextOf: () => Context): void {
  suite('of two replicas one writes', () => {
    test('also when the leader is cut off without a word, and the clocks disagree', async () => {
      const context = contextOf();
      await context.namespace(NAMESPACE);
      const history = watchHistory(context);
      const ways = [await openWay(context.cluster.access), await openWay(context.cluster.access)] as const;
      const a = replica('a', ways[0], systemClock);
      const b = replica('b', ways[1], machine(systemClock, 77 * AN_HOUR, -5 * AN_HOUR));
      try {
        const endA = a.lead();
        await until('a has written', () => (a.written() > 2 ? true : undefined));
        const endB = b.lead();
        await until('a goes on', () => (a.written() > 6 ? true : undefined));
        assert.equal(b.written(), 0);
        ways[0].freeze();
        ways[0].refuse(true);
        await until('b has written', () => (b.written() > 2 ? true : undefined));
        assert.equal(await endA, 'lost');
        await assert.rejects(a.writeOnce(), (error) => means(error, 'fenced'));
        ways[0].refuse(false);
        b.stop();
        assert.equal(await endB, 'ended');
        const last = await context.client.read(
          CONFIG_MAP,
          { namespace: NAMESPACE, name: 'log' },
          { signal: forever() },
        );
        await until('the history is told', () => (history.values.at(-1) === valueOf(last) ? true : undefined));
        const writers = history.values.map((value) => value.slice(0, 1)).join('');
        assert.match(writers, /^a+b+$/);
      } finally {
        a.stop();
        b.stop();
        await history.end();
        await Promise.all([a.close(), b.close(), ...ways.map((way) => way.close())]);
      }
    });
  });
}

/** Writes as often as it can, and tries also when it does not lead. */
function replica(name: string, way: Way, clock: Clock) {
  const stopping = new AbortController();
  const client = createClient(way.access, { fence: () => elector.fence(), maxAttempts: 1 });
  const elector: Elector = createElector({
    store: leaseStore(client, NAMESPACE, 'lattice-e2e'),
    identity: name,
    timing: TIMING,
    clock,
    random: Math.random,
    onTrouble: () => undefined,
  });
  let written = 0;
  const writeOnce = async (signal = stopping.signal): Promise<void> => {
    await client.apply(CONFIG_MAP, configMap(NAMESPACE, 'log', `${name}${written + 1}`), { signal, force: true });
    written++;
  };
  return {
    written: () => written,
    writeOnce: () => writeOnce(),
    lead: () =>
      elector.lead(
        async ({ stopping: asked, signal }) => {
          while (!asked.aborted && !signal.aborted) {
            // A write that fails shows in the count; the next one is tried as soon as this one is over.
            await writeOnce(signal).catch(() => new Promise(setImmediate));
          }
        },
        stopping.signal,
        500,
      ),
    stop: () => stopping.abort(),
    close: () => client.close(),
  };
}

/** Every value that the object had, straight from the server. */
function watchHistory({ client }: Context) {
  const values: string[] = [];
  const ending = new AbortController();
  const watch = createWatch(client, {
    kind: CONFIG_MAP,
    namespace: NAMESPACE,
    projection: fieldsProjection('data.value'),
    onChange(change) {
      if (change.kind === 'deleted' || !change.key.endsWith('/log')) return;
      const data = change.after.data;
      const value: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'value') : undefined;
      if (typeof value === 'string') values.push(value);
    },
  });
  const run = watch.run(ending.signal);
  return {
    values,
    async end() {
      ending.abort();
      await run;
    },
  };
}
