import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { findLiqo } from '../../../conformance/liqo/liqo.ts';
import type { FirewallProgram } from '../../../src/api/index.ts';
import type { FirewallConfiguration, FirewallTable } from '../../../src/peering/index.ts';
import { applyTable, type KernelTable, listing } from '../../../src/peering/liqo-model/index.ts';
import type { Lab } from '../lab.ts';
import { type LiqoCluster, liqoCluster, type LiqoNode, modelledLiqo, startLiqo } from '../liqo.ts';
import { contradictions, peeringOf, programFor } from '../meaning.ts';
import { inNode } from '../nodes.ts';
import { liqoVariant, swapUnderTraffic, symmetricVariant } from '../swaps.ts';
import { EXAMPLES, PARTIES, programsOf } from './verdicts.ts';

const SWAPS = 20;
const timeout = 180_000;

/** Liqo's forward tables see IPv4 alone; what they would have to deny of IPv6 is refused before it gets here. */
function ipv4Of(program: FirewallProgram): FirewallProgram {
  const isIPv4 = (address: string): boolean => !address.includes(':');
  return {
    ...program,
    sets: program.sets.map(({ name, members }) => ({ name, members: members.filter(isIPv4) })),
  };
}

type Party = (typeof PARTIES)[number];

const both = (source: object, destination: object, action: string): readonly object[] => [
  { source, destination, action },
  { source: destination, destination: source, action },
];

/** Denied with everybody; and with nobody, where all others are. */
function withAnybody(party: Party): readonly (readonly object[])[] {
  const way = (action: string): readonly object[] => [
    { source: party, action },
    { destination: party, action },
  ];
  return [way('deny'), [...way('allow'), { action: 'deny' }]];
}

/** The same between parties that no node belongs to: without connection state answers to a node look like new connections. */
function betweenPods(party: Party): readonly (readonly object[])[] {
  const others = [{ group: 'remote-cluster' }, { group: 'offloaded' }, { group: 'vc-local' }, { namespace: 'plain' }];
  const all = others.flatMap((one) => others.flatMap((other) => both(one, other, 'deny')));
  const open = [...others.flatMap((other) => both(party, other, 'allow')), ...all];
  const hasNodes = 'group' in party && ['local-cluster', 'private-subnets'].includes(party.group);
  return hasNodes ? [open] : [others.flatMap((other) => both(party, other, 'deny')), open];
}

/** The other enforcer, by the same packets: Liqo's own controller, and the model of the Liqo that is not released. */
export function liqoTests(lab: () => Lab): void {
  const liqo = findLiqo(process.env);
  const skip = liqo.kind === 'skipped' ? liqo.reason : false;
  const released = (space: string): LiqoNode => startLiqo(liqo.kind === 'ready' ? liqo.program : '', space);
  const open: LiqoCluster[] = [];
  const enforcerOf = async (context: TestContext, shape: 'stock' | 'sets'): Promise<LiqoCluster> => {
    if (open.length === 0) context.after(leave);
    await lab().cluster.unload('rome');
    const enforcer = liqoCluster(lab().network, shape, shape === 'stock' ? released : modelledLiqo);
    open.push(enforcer);
    return enforcer;
  };
  const leave = async (): Promise<void> => {
    for (const enforcer of open.splice(0)) {
      await enforcer.unload();
      await enforcer.stop();
    }
  };
  const SHAPES = [
    ['stock', "Liqo's own controller", skip],
    ['sets', 'a Liqo with sets and ctstate, as modelled', false],
  ] as const;
  for (const [shape, who, why] of SHAPES) {
    test(`${who}: each party denied and allowed in both directions, and nobody else is`, {
      skip: why,
      timeout,
    }, async (context) => {
      const enforcer = await enforcerOf(context, shape);
      const tried = { open: 0, closed: 0 };
      for (const party of PARTIES) {
        for (const rules of shape === 'stock' ? betweenPods(party) : withAnybody(party)) {
          const program = ipv4Of(programFor(peeringOf(rules)));
          await enforcer.load(program);
          const { wrong, open: passed, closed } = await contradictions(lab().actors, lab().network, [program], [4]);
          assert.deepEqual(wrong, [], JSON.stringify(rules));
          tried.open += passed;
          tried.closed += closed;
        }
      }
      assert.ok(tried.open > 100 && tried.closed > (shape === 'stock' ? 50 : 100), JSON.stringify(tried));
      await leave();
      assert.doesNotMatch(inNode(lab(), 'n1', 'nft list tables'), /cluster-security/, 'and it leaves no table');
    });

    test(`${who}: no packet of a denied flow passes, and no allowed call fails, during ${SWAPS} swaps under traffic`, {
      skip: why,
      timeout,
    }, async (context) => {
      const enforcer = await enforcerOf(context, shape);
      const { leaked, sent, failed, calls } = await swapUnderTraffic(lab(), {
        swaps: SWAPS,
        load: (program) => enforcer.load(program),
        variant: shape === 'stock' ? symmetricVariant : liqoVariant,
      });
      assert.ok(sent > 100 && calls > 2, `${sent} datagrams, ${calls} calls`);
      assert.deepEqual({ leaked, failed }, { leaked: 0, failed: 0 });
    });
  }

  test('a Liqo with sets and ctstate, as modelled: what the node itself sends is outside of every program: probes live', {
    timeout,
  }, async (context) => {
    await (await enforcerOf(context, 'sets')).load(ipv4Of(programFor(peeringOf([{ action: 'deny' }]))));
    await probesLive();
  });

  test("Liqo's own controller: what the node itself sends is outside of every program: probes live", {
    skip,
    timeout,
  }, async (context) => {
    const guests = { group: 'offloaded' };
    const enforcer = await enforcerOf(context, 'stock');
    for (const rules of [
      [{ action: 'deny' }],
      [
        { source: guests, action: 'deny' },
        { destination: guests, action: 'deny' },
      ],
    ])
      await assert.rejects(enforcer.load(ipv4Of(programFor(peeringOf(rules)))), /a node/);
    await enforcer.load(
      ipv4Of(
        programFor(
          peeringOf([
            ...both(guests, { group: 'remote-cluster' }, 'deny'),
            ...both(guests, { group: 'vc-local' }, 'deny'),
          ]),
        ),
      ),
    );
    await probesLive();
  });

  const probesLive = async (): Promise<void> => {
    const { actors } = lab();
    const open = async (from: 'n1' | 'p2', to: string) =>
      await actors.call({ from, to, patience: from === 'n1' ? 8000 : 350 });
    const answers = {
      pod: await open('n1', 'p1'),
      itself: await open('n1', 'n1'),
      loopback: await open('n1', '127.0.0.1'),
      other: await open('p2', 'p1'),
    };
    assert.deepEqual(answers, { pod: true, itself: true, loopback: true, other: false });
  };

  for (const example of EXAMPLES) {
    test(`a Liqo with sets and ctstate, as modelled: the example ${example} is enforced as it reads`, {
      timeout,
    }, async (context) => {
      const programs = programsOf(example).map(ipv4Of);
      for (const program of programs) await (await enforcerOf(context, 'sets')).load(program);
      const { wrong, open: passed, closed } = await contradictions(lab().actors, lab().network, programs, [4]);
      assert.deepEqual(wrong, []);
      assert.ok(passed > 0 && closed > 0, `${passed} open, ${closed} closed`);
    });
  }

  test('a Liqo with sets and ctstate, as modelled: established connections outlive every change, and new ones do not', {
    timeout,
  }, async (context) => {
    const enforcer = await enforcerOf(context, 'sets');
    const { actors } = lab();
    const answered = ipv4Of(programFor(peeringOf([{ source: { group: 'offloaded' }, action: 'deny' }])));
    await enforcer.load(answered);
    assert.ok(await actors.hold('replied', { from: 'r1', to: 'p1', patience: 8000 }), 'a reply needs no rule');
    await enforcer.load(ipv4Of(programFor(peeringOf([{ source: { group: 'remote-cluster' }, action: 'deny' }]))));
    assert.ok(await actors.isAlive('replied', 'r1', 8000), 'Liqo cuts nothing that is open');
    assert.equal(await actors.call({ from: 'r1', to: 'p1', patience: 350 }), false);
    await actors.drop('replied', 'r1');
  });

  test("the model goes from any table to any other as Liqo's own controller does, rule by rule", {
    skip,
    timeout,
  }, async () => {
    const space = lab().network.space('n1');
    await fc.assert(
      fc.asyncProperty(histories, async (versions) => {
        const node = released(space);
        let kernel: KernelTable | undefined;
        for (const table of versions) {
          await node.apply(objectOf(table));
          [, kernel] = applyTable(kernel, table);
          assert.deepEqual(listedIn(inNode(lab(), 'n1', `nft list table ip ${table.name}`)), listing(kernel));
        }
        await node.apply(undefined);
        await node.stop();
      }),
      { numRuns: 100 },
    );
  });
}

const VALUES = ['10.61.0.0/16', '10.200.1.4', '10.200.1.5-10.200.1.9', '10.1.2.3/16'];
const match = fc.record({
  op: fc.constantFrom('eq' as const, 'neq' as const),
  ip: fc.record({ position: fc.constantFrom('src' as const, 'dst' as const), value: fc.constantFrom(...VALUES) }),
});
const rule = fc.record({
  name: fc.constantFrom('0', '1', '2', '3'),
  action: fc.constantFrom('accept' as const, 'drop' as const),
  counter: fc.constant(false),
  match: fc.uniqueArray(match, { maxLength: 2, selector: ({ ip }) => ip.position }),
});
const chain = fc.record({
  name: fc.constantFrom('forward-aaa', 'forward-bbb'),
  type: fc.constant('filter' as const),
  hook: fc.constantFrom('forward' as const, 'input' as const),
  priority: fc.constant(10),
  policy: fc.constantFrom('accept' as const, 'drop' as const),
  rules: fc.record({ filterRules: fc.uniqueArray(rule, { maxLength: 4, selector: ({ name }) => name }) }),
});
const tables: fc.Arbitrary<FirewallTable> = fc.record({
  name: fc.constant('model-cluster-security'),
  family: fc.constant('IPV4' as const),
  chains: fc.uniqueArray(chain, { maxLength: 2, selector: ({ name }) => name }),
});

/** Half of the changes turn every rule around, which Liqo takes for the same rule (V13). */
const histories = fc
  .array(fc.record({ table: tables, isTurned: fc.boolean() }), { minLength: 2, maxLength: 4 })
  .map((list) => {
    const versions: FirewallTable[] = [];
    for (const { table, isTurned } of list) {
      const last = versions.at(-1);
      versions.push(isTurned && last ? turned(last) : table);
    }
    return versions;
  });

function turned(table: FirewallTable): FirewallTable {
  const side = { src: 'dst', dst: 'src' } as const;
  return {
    ...table,
    chains: table.chains.map((each) => ({
      ...each,
      rules: {
        filterRules: each.rules.filterRules.map((one) => ({
          ...one,
          match: one.match.map(({ op, ip }) => ({
            op,
            ...(ip ? { ip: { ...ip, position: side[ip.position] } } : {}),
          })),
        })),
      },
    })),
  };
}

function objectOf(table: FirewallTable): FirewallConfiguration {
  return {
    apiVersion: 'networking.liqo.io/v1beta1',
    kind: 'FirewallConfiguration',
    metadata: { name: 'model', namespace: 'liqo-tenant-rome', labels: {} },
    spec: { table },
  };
}

/** What nft prints, in the words of the model's listing. */
function listedIn(printed: string): string[] {
  return printed
    .split('\n')
    .map((line) => line.trim().replaceAll('priority filter + 10', 'priority 10'))
    .flatMap((line, index, lines) => {
      if (line === '' || line === '}' || line.startsWith('type filter')) return [];
      if (line.startsWith('chain ')) return [`${line} ${lines[index + 1]} }`];
      return [line.startsWith('table ') ? line.replace(' {', '') : `  ${line}`];
    });
}
