// The nodes of Liqo: its own firewall controller where its release can say the program, else the model's states of the
// kernel, loaded with nft one transaction each.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { FirewallProgram } from '../../src/api/index.ts';
import { type FirewallConfiguration, type FirewallTable, nextSwap, printLiqo } from '../../src/peering/index.ts';
import { applyTable, type KernelTable, listing } from '../../src/peering/liqo-model/index.ts';
import { type Network, NODES, run } from './network.ts';

/** Something that brings a node's kernel to a version of a FirewallConfiguration; undefined: it was deleted. */
export interface LiqoNode {
  apply(object: FirewallConfiguration | undefined): Promise<void>;
  stop(): Promise<void>;
}

/** Liqo's own controller (conformance/liqo) in a network namespace. */
export function startLiqo(program: string, space: string): LiqoNode {
  const child = spawn('ip', ['netns', 'exec', space, program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async apply(object) {
      child.stdin.write(`${JSON.stringify(object ?? null)}\n`);
      const answer = await answers.next();
      if (answer.done === true) throw new Error("Liqo's controller has ended");
      const said: unknown = JSON.parse(answer.value);
      if (typeof said === 'object' && said !== null && 'error' in said) throw new Error(`Liqo: ${String(said.error)}`);
    },
    async stop() {
      const ended = Promise.withResolvers<void>();
      child.once('close', () => ended.resolve());
      child.stdin.end();
      await ended.promise;
    },
  };
}

/** What the model says that Liqo's nodes do, transaction by transaction. */
export function modelledLiqo(space: string): LiqoNode {
  let kernel: KernelTable | undefined;
  let name = '';
  return {
    async apply(object) {
      if (!object) {
        run(`ip netns exec ${space} nft 'add table ip ${name}; delete table ip ${name}'`);
        kernel = undefined;
        return;
      }
      const states = applyTable(kernel, object.spec.table);
      for (const state of states) run(`ip netns exec ${space} nft -f - <<'END'\n${scriptOf(state)}\nEND`);
      [, kernel] = states;
      name = object.spec.table.name;
    },
    stop: async () => undefined,
  };
}

/** Replaces a table by one state of it, in one transaction. */
function scriptOf({ name, sets, chains }: KernelTable): string {
  return [
    `add table ip ${name}; delete table ip ${name}`,
    `table ip ${name} {`,
    ...sets.map((set) => {
      const elements = set.elements.length > 0 ? ` elements = { ${[...new Set(set.elements)].join(', ')} }` : '';
      return `set ${set.name} { type ipv4_addr;${elements} }`;
    }),
    ...chains.flatMap((chain) => {
      const [, head = '', ...rules] = listing({ name, sets: [], chains: [chain] });
      return [head.replace(/ \}$/, ''), ...rules, '}'];
    }),
    '}',
  ].join('\n');
}

/** Both nodes, and the writes of the operator that lead them from one program of a peering to the next. */
export interface LiqoCluster {
  /** Resolves when both nodes have the last version: as each version was applied, nothing has to be waited for. */
  load(program: FirewallProgram): Promise<void>;
  /** Disarms and deletes. */
  unload(): Promise<void>;
  stop(): Promise<void>;
}

export function liqoCluster(
  network: Network,
  shape: 'stock' | 'sets',
  nodeIn: (space: string) => LiqoNode,
): LiqoCluster {
  const nodes = NODES.map((name) => nodeIn(network.space(name)));
  let stored: FirewallConfiguration | undefined;
  const write = async (object: FirewallConfiguration | undefined): Promise<void> => {
    for (const node of nodes) await node.apply(object);
    stored = object;
  };
  const withTable = (object: FirewallConfiguration, table: FirewallTable): FirewallConfiguration => ({
    ...object,
    spec: { table },
  });
  return {
    async load(program) {
      const [namespace = '', name = ''] = program.peering.split('/');
      const cluster = namespace.replace('liqo-tenant-', '');
      const answer = printLiqo(program, { shape, cluster, name, ipv6: false, peers: ['10.61.0.0/16'] });
      if (answer.kind !== 'printed') throw new Error(`${answer.rule}: ${answer.reason}`);
      const { object } = answer;
      if (!stored) await write(object);
      for (let step = nextSwap(stored ?? object, object, true); 'table' in step; ) {
        await write(withTable(object, step.table));
        step = nextSwap(stored ?? object, object, true);
      }
    },
    async unload() {
      if (!stored) return;
      const { sets, ...table } = stored.spec.table;
      await write(withTable(stored, { ...table, ...(sets ? { sets: [] } : {}), chains: [] }));
      await write(undefined);
    },
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}
