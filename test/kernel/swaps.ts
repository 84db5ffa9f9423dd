// Changes of rules under traffic: the measure of a gapless swap.
import type { FirewallProgram, FirewallRule } from '../../src/api/index.ts';
import type { Lab } from './lab.ts';
import { run } from './network.ts';

export interface SwapFigures {
  readonly swaps: number;
  /** Datagrams of flows that every program denies. */
  readonly sent: number;
  /** Those that came through. */
  readonly leaked: number;
  /** Connections that every program allows. */
  readonly calls: number;
  /** Those that were not answered, or whose first packet had to be sent again because it was lost. */
  readonly failed: number;
}

/** What is swapped, and how a program is brought to both nodes. */
export interface Swapping {
  readonly swaps: number;
  readonly load: (program: FirewallProgram) => Promise<void>;
  /** Each denies p1 -> r1 and r2 -> p1, and allows p2 -> p3. */
  readonly variant: (turn: number) => FirewallProgram;
}

/**
 * Swaps between programs that deny the same flows in different ways - by other rules, in another order, over other sets,
 * over sets that are kept in another way - while two floods of denied datagrams and one stream of allowed calls run.
 */
export async function swapUnderTraffic(lab: Lab, { swaps, load, variant }: Swapping): Promise<SwapFigures> {
  const { actors } = lab;
  await load(variant(0));
  const before = (await actors.received('r1')) + (await actors.received('p1'));
  const floods = [await actors.flood({ from: 'p1', to: 'r1' }), await actors.flood({ from: 'r2', to: 'p1' })];
  const lostBefore = repeatedSyns(lab);
  const calls = await actors.connects({ from: 'p2', to: 'p3', patience: 8000 });
  const end = async () => ({ sent: await Promise.all(floods.map((stop) => stop())), answered: await calls() });
  try {
    for (let swap = 1; swap <= swaps; swap++) await load(variant(swap));
  } catch (error) {
    // Else it takes the processor from every test that follows.
    await end();
    throw error;
  }
  const { sent, answered } = await end();
  const leaked = (await actors.received('r1')) + (await actors.received('p1')) - before;
  return {
    swaps,
    sent: sent.reduce((sum, each) => sum + each, 0),
    leaked,
    calls: answered.sent,
    failed: answered.failed + repeatedSyns(lab) - lostBefore,
  };
}

/** How often a connection of p2 had to ask again: a second after a packet that got lost, which no clock here has to see. */
function repeatedSyns(lab: Lab): number {
  const [names = '', values = ''] = run(`ip netns exec ${lab.network.space('p2')} cat /proc/net/netstat`)
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'));
  const at = names.split(' ').indexOf('TCPSynRetrans');
  const count = Number(values.split(' ')[at]);
  if (Number.isNaN(count)) throw new Error('the kernel does not count TCPSynRetrans');
  return count;
}

const P1 = '10.200.1.2';
const R1 = '10.61.0.2';
const R2 = '10.61.0.3';
const OTHERS = ['10.250.0.1', '10.250.0.2'];

/** As many as there are ways in which the agent keeps sets. */
export function agentVariant(turn: number): FirewallProgram {
  return variant(turn % 4);
}

/** Without the set of ranges, which Liqo's sets do not hold. */
export function liqoVariant(turn: number): FirewallProgram {
  return variant(turn % 3);
}

/** The same in both directions and between pods alone, as a Liqo without connection state needs it. */
export function symmetricVariant(turn: number): FirewallProgram {
  const guests = turn % 2 === 0 ? [P1] : [P1, ...OTHERS];
  const theirs = turn % 2 === 0 ? { cidrs: ['10.61.0.0/16'] } : { set: 'theirs' };
  const rules: readonly FirewallRule[] = [
    { name: `from-${turn % 2}`, source: { set: 'guests' }, destination: theirs, action: 'deny' },
    { name: `to-${turn % 2}`, source: theirs, destination: { set: 'guests' }, action: 'deny' },
  ];
  const sets = [
    { name: 'guests', members: guests },
    { name: 'theirs', members: [R1, R2] },
  ];
  return { peering: 'liqo-tenant-rome/rome', generation: 0, disarmed: false, sets, rules };
}

function variant(turn: number): FirewallProgram {
  const common = { peering: 'liqo-tenant-rome/rome', generation: 0, disarmed: false } as const;
  const allow = { name: 'allow', source: { cidrs: ['10.200.1.3'] }, action: 'allow' } as const;
  const denied = (set: string) => ({ name: `deny-${set}`, source: { set }, action: 'deny' }) as const;
  switch (turn) {
    case 0:
      return {
        ...common,
        sets: [
          { name: 'a', members: [P1] },
          { name: 'b', members: [R2] },
        ],
        rules: [allow, denied('a'), denied('b')],
      };
    case 1:
      return {
        ...common,
        sets: [
          { name: 'd', members: [R2] },
          { name: 'e', members: [P1, ...OTHERS] },
        ],
        rules: [denied('e'), denied('d'), allow],
      };
    case 2:
      return {
        ...common,
        sets: [{ name: 'c', members: [P1, R2, ...OTHERS] }],
        rules: [allow, denied('c')],
      };
    default:
      return {
        ...common,
        sets: [{ name: 'c', members: ['10.200.1.2/31', '10.61.0.0/16'] }],
        rules: [{ ...allow, destination: { cidrs: ['10.200.2.0/24'] } }, denied('c')],
      };
  }
}
