// All parts together against a server that fails in every way it can.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createApplier, createOwnedWatch, type Desired } from './apply/index.ts';
import { createClient, type Client } from './client/index.ts';
import { at, stringAt } from './json.ts';
import { work, workQueue } from './queue/index.ts';
import { handClock } from './testing/hand-clock.ts';
import { configMap, CONFIG_MAP } from './testing/kinds.ts';
import { mockServer, type Fault } from './testing/mock-server.ts';
import { startPulse } from './testing/pulse.ts';

const LABEL = 'example.com/owner';
const MAPS = '/api/v1/configmaps';
const OWNERS = ['red', 'blue'] as const;

/** Enough for every deadline and backoff of the scene to pass. */
const MAX_TICKS = 5000;
const TICK_MS = 100;
/** Time passes no faster than bytes do: else every deadline passes before an answer can come. */
const TICKS_PER_BEAT = 16;

async function scene() {
  const server = await mockServer();
  const clock = handClock();
  const random = (): number => 0;
  const plain = createClient(server.access(), { clock, random, maxAttempts: 2 });
  /** By uid: whose apply was answered. */
  const answered = new Set<unknown>();
  const client: Client = {
    ...plain,
    async apply(kind, object, call) {
      const answer = await plain.apply(kind, object, call);
      answered.add(answer.metadata.uid);
      return answer;
    },
  };
  const queue = workQueue({ clock, random });
  const desired = new Map<string, readonly Desired[]>();
  const faults: Fault[] = [];
  server.onRequest(() => faults.shift());
  const applier = createApplier({
    client,
    ownerLabel: LABEL,
    onDrift: (owner, _id, initial) => queue.add(owner, { priority: initial ? 'background' : 'live' }),
  });
  const watch = createOwnedWatch(client, {
    kind: CONFIG_MAP,
    applier,
    ownerLabel: LABEL,
    timing: { watchSeconds: [20, 20], graceMs: 10_000, quietMs: 60_000 },
    clock,
    random,
  });
  const ending = new AbortController();
  const running = [
    watch.run(ending.signal),
    work({
      queue,
      workers: 2,
      async reconcile(owner, signal) {
        const results = await applier.settle(owner, desired.get(owner) ?? [], signal);
        const failed = results.find((result) => result.did === 'failed');
        if (failed) throw failed.error;
        return undefined;
      },
      onError: () => undefined,
      stopping: ending.signal,
      signal: ending.signal,
    }),
  ];
  const pulse = await startPulse();
  let ticked = 0;
  const tick = async (): Promise<void> => {
    ticked += 1;
    if (ticked % TICKS_PER_BEAT === 0) await pulse.beat();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    clock.wind(TICK_MS);
  };
  /** What is wrong, or undefined when cluster, cache and desire agree and nothing is left to do. */
  const discord = (): string | undefined => {
    const { live, background, running: busy, waiting } = queue.counts();
    if (live + background + busy + waiting > 0) return 'work is left';
    const stored = new Map(server.store.all(MAPS));
    for (const [key, object] of stored)
      if (watch.store.versionOf(key) !== at(object, 'metadata', 'resourceVersion'))
        return `the cache has another ${key}`;
    if (watch.store.size !== stored.size) return 'the cache holds more than the server';
    for (const owner of OWNERS) {
      const wanted = new Map((desired.get(owner) ?? []).map(({ object }) => [`shop/${object.metadata.name}`, object]));
      for (const [key, object] of wanted)
        if (stringAt(stored.get(key), 'data', 'k') !== stringAt(object, 'data', 'k'))
          return `${key} is not as ${owner} desires`;
      for (const [key, object] of stored)
        if (stringAt(object, 'metadata', 'labels', LABEL) === owner && !wanted.has(key)) return `${key} should be gone`;
    }
    return undefined;
  };
  return {
    server,
    faults,
    /** Whoever takes every field of an object whose creation nobody heard of makes it his: it is refused as foreign. */
    isKnownAsOurs: (key: string): boolean => answered.has(stringAt(server.get(CONFIG_MAP, key), 'metadata', 'uid')),
    desire(owner: string, values: readonly string[]) {
      const objects = values.map((value, i) => ({
        kind: CONFIG_MAP,
        object: configMap(`shop/${owner}-${i}`, { k: value }),
      }));
      desired.set(owner, objects);
      queue.add(owner);
    },
    tick,
    async settle() {
      for (let ticks = 0; discord() !== undefined; ticks++) {
        assert.ok(ticks < MAX_TICKS, discord());
        await tick();
      }
    },
    async end() {
      ending.abort();
      await Promise.all(running);
      queue.close();
      await client.close();
      await server.close();
      await pulse.close();
    },
  };
}

const fault = fc.constantFrom<Fault>(
  { kind: 'reset' },
  { kind: 'lose answer' },
  { kind: 'truncate' },
  { kind: 'status', code: 429, retryAfter: '1' },
  { kind: 'status', code: 500 },
  { kind: 'status', code: 409, reason: 'Conflict' },
  { kind: 'status', code: 410, reason: 'Expired' },
  { kind: 'status', code: 503, body: 'upstream connect error' },
);
const operation = fc.oneof(
  fc.record({
    kind: fc.constant('desire' as const),
    owner: fc.constantFrom(...OWNERS),
    values: fc.array(fc.constantFrom('1', '2', '3'), { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('fault' as const), faults: fc.array(fault, { maxLength: 4 }) }),
  fc.record({
    kind: fc.constantFrom('edit' as const, 'unlabel' as const, 'delete' as const),
    index: fc.nat(3),
    owner: fc.constantFrom(...OWNERS),
  }),
  fc.record({
    kind: fc.constant('break' as const),
    how: fc.constantFrom('reset' as const, 'freeze' as const, 'close' as const, 'bookmark' as const),
  }),
  fc.record({ kind: fc.constant('compact' as const) }),
  fc.record({ kind: fc.constant('pass' as const), ticks: fc.integer({ min: 1, max: 20 }) }),
);

test('after any edits and any faults cluster, cache and desire agree, and then nothing more is written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
      const here = await scene();
      const { server, faults, tick } = here;
      try {
        for (const step of operations) {
          if (step.kind === 'desire') here.desire(step.owner, step.values);
          else if (step.kind === 'fault') faults.push(...step.faults);
          else if (step.kind === 'compact') server.store.compact();
          else if (step.kind === 'break') server.watches.at(-1)?.[step.how]();
          else if (step.kind === 'pass') for (let i = 0; i < step.ticks; i++) await tick();
          else {
            const key = `shop/${step.owner}-${step.index}`;
            if (!server.get(CONFIG_MAP, key) || (step.kind === 'unlabel' && !here.isKnownAsOurs(key))) continue;
            if (step.kind === 'delete') server.remove(CONFIG_MAP, key);
            else
              server.put(
                CONFIG_MAP,
                configMap(key, { k: 'edited' }, step.kind === 'edit' ? { [LABEL]: step.owner } : {}),
                'kubectl-edit',
              );
          }
          await tick();
        }
        faults.length = 0;
        await here.settle();
        const written = server.store.version;
        for (let i = 0; i < 100; i++) await tick();
        assert.equal(server.store.version, written);
        await here.settle();
      } finally {
        await here.end();
      }
    }),
    { numRuns: 25 },
  );
});
