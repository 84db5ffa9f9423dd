import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { runCanaryPod } from '../../canary/index.ts';
import { type Hub, openHub } from './hub.ts';
import type { CanaryPod } from './plan.ts';

const skip = process.platform === 'linux' ? false : 'only Linux has all of 127.0.0.0/8';
/** Loopback addresses of this process alone. */
const place = `127.${(process.pid >> 8) % 250}.${process.pid % 250}`;
const [NODE, A, B, STRANGER] = [1, 2, 3, 4].map((last) => `${place}.${last}`);
const LIMIT_MS = 20_000;

suite('an agent and the canary pods of its node', { skip }, () => {
  const ending = new AbortController();
  const troubles: string[] = [];
  const pods: readonly CanaryPod[] = [A, B].map((address = '', index) => ({
    name: `pod-${index}`,
    node: 'n1',
    addresses: [address],
  }));
  let port = 0;
  let hub: Hub;
  let running: readonly Promise<void>[] = [];
  const [a] = pods;

  before(async () => {
    port = await freePort();
    const { promise: bothJoined, resolve } = Promise.withResolvers<void>();
    hub = await openHub({
      addresses: [NODE ?? ''],
      port,
      canaryAt: (address) => Promise.resolve(pods.find(({ addresses }) => addresses.includes(address))),
      onJoined: () => {
        if (hub.connected().length === pods.length) resolve();
      },
      onTrouble: (error) => void troubles.push(error.message),
    });
    running = pods.map(({ addresses }) =>
      runCanaryPod(
        {
          addresses,
          node: NODE ?? '',
          port,
          onTrouble: (what, { message }) => void troubles.push(`${what}: ${message}`),
        },
        ending.signal,
      ),
    );
    await within(bothJoined);
  });
  after(async () => {
    ending.abort();
    hub.close();
    await within(Promise.all(running));
  });

  test('a pod sends what it is asked to, and says what was answered and what came in return', async () => {
    assert.ok(a);
    const orders = [
      { id: 'peer', source: A ?? '', sourcePort: port + 1, destination: B ?? '', backPort: port + 2 },
      { id: 'node', source: A ?? '', sourcePort: port + 3, destination: NODE ?? '', backPort: port + 4 },
      { id: 'nobody', source: A ?? '', sourcePort: port + 5, destination: STRANGER ?? '' },
    ];
    const outcome = await hub.ask(a, { kind: 'errand', trial: 't1', port, waitMs: 2000, orders }, LIMIT_MS);
    assert.deepEqual([...(outcome?.answered ?? [])].toSorted(), ['node', 'peer']);
    // The agent answers, and sends nothing that it is asked for: what a node sends is no pod's.
    assert.deepEqual(outcome?.returned, [{ id: 'peer', source: B, sourcePort: port + 2 }]);
  });

  test('a pod does not send as another', async () => {
    assert.ok(a);
    const orders = [{ id: 'spoofed', source: STRANGER ?? '', sourcePort: port + 6, destination: B ?? '' }];
    const outcome = await hub.ask(a, { kind: 'errand', trial: 't2', port, waitMs: 200, orders }, LIMIT_MS);
    assert.deepEqual(outcome?.answered, []);
  });

  test('who is no canary is turned away without a word', async () => {
    const socket = connect({ host: NODE, port, localAddress: STRANGER });
    let said = '';
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await within(once(socket, 'close'));
    assert.equal(said, '');
    assert.equal(hub.connected().length, pods.length);
  });

  test('a pod that does not answer is waited for no longer than it is said', async () => {
    assert.ok(a);
    const errand = { kind: 'errand', trial: 't3', port, waitMs: 3000, orders: [] } as const;
    assert.equal(await within(hub.ask(a, errand, 50)), undefined);
    assert.equal(await within(hub.ask({ ...a, name: 'nobody' }, errand, LIMIT_MS)), undefined);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? Math.min(address.port, 65_000) : 0;
}

async function within<T>(promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not within ${LIMIT_MS} ms`)), LIMIT_MS);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
