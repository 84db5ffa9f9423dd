import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FABRIC_API_VERSION, type FirewallProgram } from '../../../src/api/index.ts';
import { until } from '../../e2e/until.ts';
import { PROGRAM, SLICE } from '../cluster.ts';
import type { Lab } from '../lab.ts';
import { handlesOf, inNode, tablesOf } from '../nodes.ts';

/** p1 and more may not call anybody. */
const closed = (members: readonly string[], more: Partial<FirewallProgram> = {}): FirewallProgram => ({
  peering: 'liqo-tenant-rome/rome',
  generation: 0,
  disarmed: false,
  sets: [{ name: 'closed', members }],
  rules: [{ name: 'closed', source: { set: 'closed' }, action: 'deny' }],
  ...more,
});
const P1 = '10.200.1.2';
const P2 = '10.200.1.3';
const FOR_GOOD = { signal: new AbortController().signal };

/** A table without what passes: the turn of its sets, and connections that were cut, of which -s prints no expiry. */
function lasting(table: string): string {
  return table.replaceAll('_b', '').replaceAll(/(set cut\.v\d \{[^{}]*?)\s+elements = \{[^}]*\}/g, '$1');
}

function objectOf(kind: string, name: string, spec: object) {
  return { apiVersion: FABRIC_API_VERSION, kind, metadata: { name }, spec };
}

/** What an agent does from its start to its end, and what others do to its tables. */
export function lifetimeTests(lab: () => Lab): void {
  const isClosed = async (from: 'p1' | 'p2', isIt: boolean): Promise<void> => {
    await until(
      `${from} is ${isIt ? 'closed' : 'open'}`,
      async () => {
        const open = await lab().actors.call({ from, to: 'p3', patience: isIt ? 350 : 3000 });
        return open === isIt ? undefined : true;
      },
      60_000,
    );
  };

  test('a member that comes or goes changes its sets alone: no rule is loaded again', async () => {
    await lab().cluster.load('rome', closed([P1]));
    const [table = ''] = tablesOf(lab(), 'n1');
    const before = handlesOf(lab(), 'n1', table);
    await isClosed('p2', false);
    await lab().cluster.declare('rome', closed([P1, P2]));
    await isClosed('p2', true);
    await lab().cluster.declare('rome', closed([P2, 'fd00:200:1::2']));
    await isClosed('p1', false);
    assert.equal(await lab().actors.call({ from: 'p1', to: 'p3', family: 6, patience: 350 }), false);
    assert.equal(handlesOf(lab(), 'n1', table), before);
  });

  test('a program waits for the last of its slices, and says for which', async () => {
    const { cluster } = lab();
    await cluster.load('rome', closed([P1]));
    const spec = { peering: 'liqo-tenant-rome/rome', generation: 90, disarmed: false };
    const sets = [{ name: 'closed', slices: 2, generation: 90 }];
    const rules = [{ name: 'closed', source: { set: 'closed' }, action: 'deny' }];
    await cluster.client.apply(PROGRAM, objectOf('FabricProgram', 'rome', { ...spec, rules, sets }), {
      ...FOR_GOOD,
      force: true,
    });
    const report = await until('the node says that it waits', async () => {
      const found = (await cluster.status('n1'))?.programs.find(({ name }) => name === 'rome');
      return found?.error === undefined ? undefined : found;
    });
    assert.match(report.error ?? '', /generation 90 waits for slices: closed\[0\], closed\[1\]/);
    assert.notEqual(report.generation, 90);
    // What was loaded before is still enforced.
    await isClosed('p1', true);
    for (const [index, address] of [P1, P2].entries()) {
      const slice = { program: 'rome', set: 'closed', index, generation: 90, addresses: [address] };
      await cluster.client.apply(SLICE, objectOf('FabricMemberSlice', `late-${index}`, slice), {
        ...FOR_GOOD,
        force: true,
      });
    }
    await isClosed('p2', true);
    await cluster.client.delete(PROGRAM, { name: 'rome' }, FOR_GOOD);
    const gone = await until('the node says that the object is gone', async () => {
      const found = (await cluster.status('n1'))?.programs.find(({ name }) => name === 'rome');
      return found?.error?.includes('gone') ? found : undefined;
    });
    // A program that nobody disarmed stays: nothing opens because an object was deleted.
    assert.match(gone.error ?? '', /disarmed: true/);
    await isClosed('p2', true);
    for (const index of [0, 1]) await cluster.client.delete(SLICE, { name: `late-${index}` }, FOR_GOOD);
    await cluster.unload('rome');
    await isClosed('p2', false);
  });

  test('an agent that is killed leaves what it loaded, and its successor finds it and loads nothing', async () => {
    const { cluster, actors } = lab();
    await cluster.load('rome', closed([P1]));
    const [table = ''] = tablesOf(lab(), 'n1');
    const before = handlesOf(lab(), 'n1', table);
    const stop = await actors.flood({ from: 'p1', to: 'r1' });
    const reached = await actors.received('r1');
    await cluster.killAgent('n1');
    cluster.startAgent('n1');
    await cluster.load('rome', closed([P1]));
    await until('the new agent is at work', () => (cluster.words('n1').includes('adopted') ? true : undefined), 90_000);
    assert.ok((await stop()) > 0);
    assert.equal(await actors.received('r1'), reached, 'no packet of a denied flow came through');
    assert.equal(handlesOf(lab(), 'n1', table), before, 'the rules are the same ones');
  });

  test('an agent that ends in order leaves what it loaded, and what changed meanwhile is loaded by the next', async () => {
    const { cluster } = lab();
    await cluster.load('rome', closed([P1]));
    await cluster.stopAgent('n1');
    assert.equal(tablesOf(lab(), 'n1').length, 1);
    await isClosed('p1', true);
    await cluster.declare('rome', closed([P2]));
    cluster.startAgent('n1');
    await isClosed('p2', true);
    await isClosed('p1', false);
  });

  const EDITS: readonly (readonly [what: string, edit: (table: string) => string])[] = [
    ['flushes all rules of the node', () => 'nft flush ruleset'],
    ['deletes our table', (table) => `nft delete table inet ${table}`],
    ['takes a member out of a set', (table) => `nft delete element inet ${table} closed_ip4 '{ ${P1} }'`],
    ['flushes a chain', (table) => `nft flush chain inet ${table} rules`],
    ['puts a rule before ours', (table) => `nft insert rule inet ${table} rules accept`],
    ['switches our table off', (table) => `nft add table inet ${table} '{ flags dormant; }'`],
    ['adds a chain', (table) => `nft add chain inet ${table} foreign '{ type filter hook forward priority -5; }'`],
  ];
  for (const [what, edit] of EDITS) {
    test(`somebody ${what}: it is repaired`, async () => {
      const { cluster } = lab();
      await cluster.unload('rome');
      await cluster.load('rome', closed([P1]));
      const [table = ''] = tablesOf(lab(), 'n1');
      const meant = inNode(lab(), 'n1', `nft -s list table inet ${table}`);
      inNode(lab(), 'n1', edit(table));
      await until(
        'the table is what it was',
        () => {
          const [found] = tablesOf(lab(), 'n1');
          const now = found === undefined ? '' : inNode(lab(), 'n1', `nft -s list table inet ${table}`);
          assert.equal(lasting(now), lasting(meant));
          return true;
        },
        60_000,
      );
      await isClosed('p1', true);
    });
  }

  test("others' tables are never touched", async () => {
    const { cluster } = lab();
    const others = (): string => inNode(lab(), 'n1', 'nft -s list table ip other');
    inNode(lab(), 'n1', "nft 'add table ip other; add chain ip other c; add rule ip other c drop'");
    const before = others();
    await cluster.load('rome', closed([P2]));
    await cluster.unload('rome');
    assert.equal(others(), before);
    inNode(lab(), 'n1', 'nft delete table ip other');
  });
}
