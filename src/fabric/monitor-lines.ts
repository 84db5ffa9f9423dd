import { isProgramTable, MARK_SET, MARK_TABLE } from './names.ts';

/** One transaction that the kernel carried out, as `nft monitor` tells it. */
export interface Transaction {
  /** Our tables that it changed. */
  readonly tables: ReadonlySet<string>;
  /** The marks that it set: who knows one has made the transaction. */
  readonly marks: readonly number[];
}

export type MonitorEvent =
  | { readonly kind: 'transaction'; readonly transaction: Transaction }
  /** Events were lost: anything may have changed. */
  | { readonly kind: 'lost' };

/** Reads the lines of `nft monitor` one by one; a transaction is told when its last line has come. */
export function monitorReader(tell: (event: MonitorEvent) => void): (line: string) => void {
  let tables = new Set<string>();
  let marks: number[] = [];
  let last: number | undefined;
  return (line) => {
    if (line.startsWith('# new generation')) {
      const generation = Number(/^# new generation (\d+)/.exec(line)?.[1]);
      // Each transaction is the generation after the last one. The end of one that was lost hides the beginning of the
      // next: marks of ours would then vouch for what others did.
      if (last !== undefined && generation !== last + 1) tell({ kind: 'lost' });
      last = generation;
      if (tables.size > 0 || marks.length > 0) tell({ kind: 'transaction', transaction: { tables, marks } });
      tables = new Set();
      marks = [];
      return;
    }
    if (line.startsWith('#')) {
      tell({ kind: 'lost' });
      return;
    }
    const [, , family, table = '', set] = line.split(' ', 5);
    if (family !== 'inet') return;
    if (isProgramTable(table)) tables.add(table);
    else if (table === MARK_TABLE && set === MARK_SET && line.startsWith('add element ')) {
      const mark = /\{ (0x[0-9a-f]+|\d+)/.exec(line)?.[1];
      if (mark !== undefined) marks.push(Number(mark));
    }
  };
}
