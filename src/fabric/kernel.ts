import { CommandError, follow, openCommands } from './command.ts';
import { type Tracked, trackedOf } from './conntrack-lines.ts';
import { type Listing, listingOf, ownTables } from './listing.ts';
import { monitorReader } from './monitor-lines.ts';
import { markLines } from './script.ts';

/** As conntrack calls them. */
export type Family = 'ipv4' | 'ipv6';

/** The packet filter and the connections of one network namespace, as the agent uses them. */
export interface Kernel {
  /** One transaction: all of it or nothing. Throws CommandError. */
  load(script: string, signal: AbortSignal): Promise<void>;
  /** Undefined when there is no such table, or when nft prints it as something that cannot be read. */
  list(table: string, signal: AbortSignal): Promise<Listing | undefined>;
  /** A table as `nft -j` prints it; undefined as in {@link list}. */
  dump(table: string, signal: AbortSignal): Promise<unknown>;
  tables(signal: AbortSignal): Promise<ReturnType<typeof ownTables>>;
  /** Every tracked connection of these families, one by one. */
  eachConnection(families: readonly Family[], onFlow: (flow: Tracked) => void, signal: AbortSignal): Promise<void>;
  /** Deletes what matches; nothing matching is no error. */
  deleteConnections(args: readonly string[], signal: AbortSignal): Promise<void>;
  /**
   * Tells which of our tables were changed by others, until the signal or until watching breaks (then rejects).
   * `onReady` is called when nothing can be missed any more; 'lost' means that anything may have changed.
   */
  watchForeign(
    onForeign: (tables: ReadonlySet<string> | 'lost') => void,
    onReady: () => void,
    signal: AbortSignal,
  ): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const DUMP_TIMEOUT_MS = 60_000;

/**
 * The kernel through the programs `nft` (1.0.6 or later) and `conntrack` of the image. `firstMark` should differ from
 * one start of the agent to the next: own transactions are known by their marks.
 */
export function createKernel(firstMark: number): Kernel {
  const commands = openCommands();
  let mark = firstMark;
  const own = new Set<number>();

  return {
    async load(script, signal) {
      mark = (mark + 1) % 0xffff_ffff;
      own.add(mark);
      const forget = mark;
      try {
        await commands.run('nft', ['-f', '-'], { signal, input: script + markLines(mark), timeoutMs: TIMEOUT_MS });
      } catch (error) {
        if (error instanceof CommandError && error.exitCode !== undefined) own.delete(forget);
        throw error;
      }
    },
    async list(table, signal) {
      const found = await this.dump(table, signal);
      return found === undefined ? undefined : listingOf(found);
    },
    async dump(table, signal) {
      try {
        const args = ['-j', 'list', 'table', 'inet', table];
        const parsed: unknown = JSON.parse(await commands.run('nft', args, { signal, timeoutMs: DUMP_TIMEOUT_MS }));
        return parsed;
      } catch (error) {
        if (error instanceof CommandError && error.stderr.includes('No such file or directory')) return undefined;
        // nft 1.0.6 breaks off in the middle of a table that somebody has set flags of.
        if (error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    async tables(signal) {
      return ownTables(
        JSON.parse(await commands.run('nft', ['-j', 'list', 'tables'], { signal, timeoutMs: TIMEOUT_MS })),
      );
    },
    async eachConnection(families, onFlow, signal) {
      for (const family of families) {
        await commands.lines(
          'conntrack',
          ['-L', '-o', 'extended', '-f', family],
          { signal, timeoutMs: DUMP_TIMEOUT_MS },
          (line) => {
            const flow = trackedOf(line);
            if (flow) onFlow(flow);
          },
        );
      }
    },
    async deleteConnections(args, signal) {
      try {
        await commands.run('conntrack', args, { signal, timeoutMs: DUMP_TIMEOUT_MS });
      } catch (error) {
        if (!(error instanceof CommandError && error.stderr.includes('0 flow entries have been deleted'))) throw error;
      }
    },
    async watchForeign(onForeign, onReady, signal) {
      let ready = false;
      const read = monitorReader((event) => {
        if (event.kind === 'lost') {
          onForeign('lost');
          return;
        }
        const { tables, marks } = event.transaction;
        const isOwn = marks.some((each) => own.delete(each));
        if (isOwn && !ready) {
          ready = true;
          onReady();
        }
        if (!isOwn && tables.size > 0) onForeign(tables);
      });
      const monitor = follow('nft', ['monitor'], signal, read);
      // nft does not say when it listens: it does as soon as it tells us of a transaction of our own.
      const knocking = knock(
        () => ready,
        (script) => this.load(script, signal),
        signal,
      );
      await Promise.race([monitor, knocking.then(() => monitor)]);
      throw new CommandError('nft monitor', 0, 'it ended');
    },
  };
}

/** Makes empty transactions until one is heard of. */
async function knock(
  isHeard: () => boolean,
  load: (script: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!isHeard() && !signal.aborted) {
    await load('');
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
