import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../kube/index.ts';
import { createBook } from './book.ts';
import { carryOut } from './carry-out.ts';
import { compare } from './compare.ts';
import { createConnections } from './connections.ts';
import { newEntry, reportOf } from './entry.ts';
import type { Kernel } from './kernel.ts';
import { HOOKS, type Listing } from './listing.ts';
import { isTwinTable } from './names.ts';
import type { CutPath } from './script.ts';
import { programSpec } from './testing/program.ts';

const { signal } = new AbortController();
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const unread = { loaded: () => undefined, failed: () => undefined, foreign: () => undefined, cut: () => undefined };
const clock: Clock = { monotonic: () => 0, wall: () => 0, after: () => () => undefined };
const table: Listing = { hooks: HOOKS, frame: 'frame', body: 'body', sets: [], cuts: [] };
const cut: CutPath = {
  family: 4,
  protocol: 'tcp',
  source: '10.0.0.1',
  sourcePort: 1,
  destination: '10.0.0.2',
  destinationPort: 2,
};

/** An entry that denies everything, and a kernel that lists what it is given; the twin is always as it should be. */
function node(list: () => Listing | undefined) {
  const entry = newEntry('rome', createBook());
  entry.book.setProgram(programSpec({ rules: [{ name: 'd', action: 'deny' }] }));
  const loaded: string[] = [];
  const kernel: Kernel = {
    load: async (script) => void loaded.push(script),
    list: async (name) => (isTwinTable(name) ? table : list()),
    dump: async () => undefined,
    tables: async () => ({ programs: [], twins: [] }),
    eachConnection: async () => undefined,
    deleteConnections: async () => undefined,
    watchForeign: async () => undefined,
  };
  const connections = createConnections({
    kernel,
    clock,
    log: silent,
    meter: unread,
    localAddresses: () => new Set<string>(),
  });
  return { entry, kernel, connections, loaded, tools: { kernel, connections, clock, signal } };
}

test('an edit that is heard of while the kernel is read is looked at afterwards', async () => {
  for (const found of [table, undefined]) {
    const { entry, kernel, connections } = node(() => {
      entry.doubtful = true;
      return found;
    });
    await compare(entry, kernel, connections, clock, signal);
    assert.equal(entry.doubtful, true);
  }
});

test('a table that holds something else is not reported as what is declared', async () => {
  const { entry, kernel, connections, tools } = node(() => ({ ...table, body: 'other' }));
  assert.equal(await compare(entry, kernel, connections, clock, signal), false);
  assert.equal(reportOf(entry).generation, undefined);
  assert.equal(await carryOut(entry, tools), 'swap');
  assert.equal(reportOf(entry).generation, 1);
});

test('a connection that was cut stays cut when somebody deletes the table', async () => {
  const { entry, kernel, connections, loaded, tools } = node(() => undefined);
  connections.setCuts('rome', [cut]);
  await compare(entry, kernel, connections, clock, signal);
  assert.equal(await carryOut(entry, tools), 'swap');
  assert.match(loaded.at(-1) ?? '', /add element \S+ \S+ cut\.v4 \{ 10\.0\.0\.1 \. tcp \. 1 \. 10\.0\.0\.2 \. 2 \}/);
  assert.deepEqual(connections.stillCut('rome', [{ name: 'd', action: 'deny' }], entry.book), [cut]);
});

test('a connection that was cut is cut again when somebody lets go of it', async () => {
  const { entry, kernel, connections, loaded, tools } = node(() => table);
  connections.setCuts('rome', [cut]);
  assert.equal(await compare(entry, kernel, connections, clock, signal), false);
  assert.equal(await carryOut(entry, tools), 'swap');
  assert.match(loaded.at(-1) ?? '', /add element \S+ \S+ cut\.v4 /);
});

test('what a former agent cut is learned from its table, which is then as it should be', async () => {
  const { entry, kernel, connections } = node(() => ({ ...table, cuts: [cut] }));
  assert.equal(await compare(entry, kernel, connections, clock, signal), true);
  assert.deepEqual(connections.stillCut('rome', [{ name: 'd', action: 'deny' }], entry.book), [cut]);
});
