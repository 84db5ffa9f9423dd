// Two replicas, one Lease, clocks that disagree by hours. Of a leader that could still write, only the fence keeps it from it.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  createClient,
  createElector,
  createWatch,
  type Clock,
  type ClusterAccess,
  type Elector,
  fieldsProjection,
  leaseStore,
  means,
  systemClock,
} from '../../../src/kube/index.ts';
import { machine } from '../../../src/kube/testing/lease-world.ts';
import { until, within } from '../until.ts';
import { openWay, type Way } from '../way.ts';
import { type Context, forever } from './context.ts';
import { CONFIG_MAP, configMap, valueOf } from './scene.ts';

const NAMESPACE = 'lattice-e2e-leased';
/** Long enough for a leader that shares its processor with a whole control plane: none loses the Lease by itself. */
const TIMING = { leaseMs: 8000, renewMs: 6000, retryMs: 500 };
const AN_HOUR = 3_600_000;

export function leasedSuite(contextOf: () => Context): void {
  suite('of two replicas one writes, although their clocks are hours apart', () => {
    test('when the leader loses sight of its Lease, and could still write', async () => {
      await takesOver(contextOf(), 'sight', (lease, _write) => {
        lease.freeze();
        lease.refuse(true);
      });
    });

    test('when the leader is cut off without a word', async () => {
      await takesOver(contextOf(), 'cut', (lease, write) => {
        for (const way of [lease, write]) {
          way.freeze();
          way.refuse(true);
        }
      });
    });

    test('when the leader steps down', async () => {
      await takesOver(contextOf(), 'down', (_lease, _write, a) => a.stop(), 'ended');
    });
  });
}

/** a leads, b waits, `disturb` ends what a does: b goes on, after a has written for the last time. */
async function takesOver(
  context: Context,
  name: string,
  disturb: (lease: Way, write: Way, a: Replica) => void,
  ends: 'lost' | 'ended' = 'lost',
): Promise<void> {
  await context.namespace(NAMESPACE);
  const history = watchHistory(context, name);
  const { access } = context.cluster;
  const ways = await Promise.all([openWay(access), openWay(access)]);
  const a = replica({ name: 'a', object: name, lease: ways[0].access, write: ways[1].access, clock: systemClock });
  const clock = machine(systemClock, 77 * AN_HOUR, -5 * AN_HOUR);
  const b = replica({ name: 'b', object: name, lease: access, write: access, clock });
  const leading: Promise<unknown>[] = [];
  try {
    const endA = a.lead();
    leading.push(endA);
    await until('a has written', () => (a.written() > 2 ? true : undefined));
    const endB = b.lead();
    leading.push(endB);
    await until('a goes on', () => (a.written() > 6 ? true : undefined));
    assert.equal(b.written(), 0);
    disturb(ways[0], ways[1], a);
    assert.equal(await within('a stops leading', endA), ends);
    for (const way of ways) way.refuse(false);
    await assert.rejects(a.writeOnce(), (error) => means(error, 'fenced'));
    await until('b has written', () => (b.written() > 2 ? true : undefined));
    await assert.rejects(a.writeOnce(), (error) => means(error, 'fenced'));
    b.stop();
    assert.equal(await within('b gives the Lease back', endB), 'ended');
    const last = await context.client.read(CONFIG_MAP, { namespace: NAMESPACE, name }, { signal: forever() });
    await until('the history is told', () => (history.values.at(-1) === valueOf(last) ? true : undefined));
    const writers = history.values.map((value) => value.slice(0, 1)).join('');
    assert.match(writers, /^a+b+$/);
  } finally {
    a.stop();
    b.stop();
    await within('both replicas end', Promise.allSettled(leading));
    await history.end();
    await Promise.all([a.close(), b.close(), ...ways.map((way) => way.close())]);
  }
}

interface ReplicaOptions {
  readonly name: string;
  /** The ConfigMap that it writes, and the Lease that it holds while it does. */
  readonly object: string;
  readonly lease: ClusterAccess;
  readonly write: ClusterAccess;
  readonly clock: Clock;
}

type Replica = ReturnType<typeof replica>;

/** Writes as often as it can while it leads. */
function replica({ name, object, lease, write, clock }: ReplicaOptions) {
  const stopping = new AbortController();
  const leaseClient = createClient(lease);
  const client = createClient(write, { fence: () => elector.fence(), maxAttempts: 1 });
  const elector: Elector = createElector({
    store: leaseStore(leaseClient, NAMESPACE, object),
    identity: name,
    timing: TIMING,
    clock,
    random: Math.random,
    onTrouble: () => undefined,
  });
  let written = 0;
  const writeOnce = async (signal: AbortSignal): Promise<void> => {
    await client.apply(CONFIG_MAP, configMap(NAMESPACE, object, `${name}${written + 1}`), { signal, force: true });
    written++;
  };
  return {
    written: () => written,
    /** Also when it does not lead. */
    writeOnce: () => writeOnce(forever()),
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
    close: () => Promise.all([leaseClient.close(), client.close()]),
  };
}

/** Every value that the ConfigMap had, straight from the server. */
function watchHistory({ client }: Context, name: string) {
  const values: string[] = [];
  const ending = new AbortController();
  const watch = createWatch(client, {
    kind: CONFIG_MAP,
    namespace: NAMESPACE,
    projection: fieldsProjection('data.value'),
    onChange(change) {
      if (change.kind === 'deleted' || change.key !== `${NAMESPACE}/${name}`) return;
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
