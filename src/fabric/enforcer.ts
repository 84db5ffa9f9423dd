import type { FabricMemberSlice, FabricProgram, FabricProgramReport } from '../api/index.ts';
import { type Clock, sleep } from '../kube/index.ts';
import { createBook } from './book.ts';
import { carryOut } from './carry-out.ts';
import { compare } from './compare.ts';
import { createConnections } from './connections.ts';
import { type Entry, newEntry, reportOf } from './entry.ts';
import { hearForeign } from './foreign.ts';
import type { Kernel } from './kernel.ts';
import { tableName } from './names.ts';
import { type AgentLog, type AgentMeter, asError } from './observe.ts';
import { deleteTableScript } from './script.ts';

type ProgramSpec = FabricProgram['spec'];
type SliceSpec = FabricMemberSlice['spec'];

export interface EnforcerOptions {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly log: AgentLog;
  readonly meter: AgentMeter;
  /** Addresses of the node itself: what it sends is outside of every program. */
  readonly localAddresses: () => ReadonlySet<string>;
  /** Called when {@link Enforcer.reports} may have something new to say. */
  readonly onReport: () => void;
}

/** Keeps the kernel at what is declared. What is told is noted at once and done in the background. */
export interface Enforcer {
  /** `trouble`: the object is there and cannot be read. Then, and when it is gone, what is loaded stays. */
  setProgram(name: string, spec: ProgramSpec | { readonly trouble: string } | undefined): void;
  setSlice(object: string, slice: SliceSpec): void;
  removeSlice(object: string, slice: SliceSpec): void;
  reports(): readonly FabricProgramReport[];
  /** Whether nothing is left to do that is known of. */
  idle(): boolean;
  /** Works until the signal. To be called when every object is known: the kernel is compared with all of them. */
  run(signal: AbortSignal): Promise<void>;
}

const RETRY_MS = 250;
const RETRY_CAP_MS = 30_000;
/** Foreign edits are heard of; the kernel is compared without a cause for the one that was not. */
const COMPARE_MS = 600_000;

export function createEnforcer(options: EnforcerOptions): Enforcer {
  const { kernel, clock, log, meter } = options;
  const entries = new Map<string, Entry>();
  const queue = new Set<string>();
  const connections = createConnections(options);
  let orphans: readonly string[] = [];
  let busy = false;
  let wake = (): void => undefined;

  const enqueue = (name: string): void => {
    queue.add(name);
    wake();
  };
  const changed = (entry: Entry): void => {
    entry.since ??= clock.monotonic();
    enqueue(entry.name);
  };
  const entryOf = (name: string): Entry => {
    const entry = entries.get(name) ?? newEntry(name, createBook());
    entries.set(name, entry);
    return entry;
  };
  const dropIfDone = (entry: Entry): void => {
    if (entry.gone && !isArmed(entry) && entry.book.isEmpty()) entries.delete(entry.name);
  };
  const onForeign = (tables: ReadonlySet<string> | 'lost'): void => {
    for (const entry of entries.values()) {
      const table = entry.book.spec && tableName(entry.book.spec.peering);
      if (table === undefined || (tables !== 'lost' && !tables.has(table))) continue;
      if (tables !== 'lost') {
        meter.foreign();
        log.warn('somebody else changed a table of ours', { program: entry.name, table });
      }
      entry.doubtful = true;
      enqueue(entry.name);
    }
  };

  const doubtNowAndThen = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await sleep(clock, COMPARE_MS, signal).catch(() => undefined);
      if (!signal.aborted) onForeign('lost');
    }
  };

  const settle = async (entry: Entry, signal: AbortSignal): Promise<void> => {
    if (entry.gone && isArmed(entry)) return;
    const since = entry.since;
    try {
      if (entry.doubtful && (await compare(entry, kernel, connections, clock, signal))) {
        log.info('a table was found as it is declared: adopted', { program: entry.name });
      }
      // What is heard from here on has a clock of its own.
      entry.since = undefined;
      const kind = await carryOut(entry, { kernel, connections, clock, signal });
      entry.failures = 0;
      if (kind === undefined) return;
      const seconds = since === undefined ? 0 : (clock.monotonic() - since) / 1000;
      meter.loaded(kind, seconds);
      log.info('the kernel holds a change', { program: entry.name, kind, generation: entry.held?.generation, seconds });
    } catch (error) {
      if (signal.aborted) throw error;
      entry.since = since;
      entry.doubtful = true;
      entry.error = asError(error).message;
      meter.failed();
      log.error('the kernel does not hold a change', { program: entry.name, error: asError(error) });
      const wait = Math.min(RETRY_CAP_MS, RETRY_MS * 2 ** Math.min(entry.failures, 10));
      entry.failures += 1;
      clock.after(wait, () => enqueue(entry.name));
    }
  };

  const work = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const [name] = queue;
      if (name === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        continue;
      }
      queue.delete(name);
      const entry = entries.get(name);
      if (!entry) continue;
      busy = true;
      const before = JSON.stringify(reportOf(entry));
      await settle(entry, signal);
      busy = false;
      if (orphans.length > 0) orphans = withoutNamed(orphans, entries);
      if (JSON.stringify(reportOf(entry)) !== before) options.onReport();
    }
  };

  return {
    setProgram(name, spec) {
      const entry = entryOf(name);
      entry.gone = spec === undefined;
      entry.trouble = troubleOf(spec, entry);
      if (spec && !('trouble' in spec)) entry.book.setProgram(spec);
      else if (spec === undefined && !isArmed(entry)) entry.book.setProgram(undefined);
      dropIfDone(entry);
      changed(entry);
      options.onReport();
    },
    setSlice(object, slice) {
      const entry = entryOf(slice.program);
      entry.book.setSlice(object, slice);
      changed(entry);
    },
    removeSlice(object, slice) {
      const entry = entries.get(slice.program);
      if (!entry) return;
      entry.book.removeSlice(object, slice);
      dropIfDone(entry);
      changed(entry);
    },
    reports() {
      const known = [...entries.values()].filter(({ book, trouble }) => book.spec ?? trouble);
      const left = orphans.map((name) => ({ name, error: ORPHAN }));
      return [...known.map(reportOf), ...left].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    idle: () => queue.size === 0 && !busy && connections.idle(),
    async run(signal) {
      const { programs, twins } = await kernel.tables(signal);
      for (const twin of twins) await kernel.load(deleteTableScript(twin), signal);
      orphans = withoutNamed(programs, entries);
      const foreign = hearForeign(kernel, onForeign, { clock, log, signal });
      const works = [work(signal), connections.run(signal), foreign, doubtNowAndThen(signal)];
      await Promise.all(works).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    },
  };
}

const ORPHAN =
  'a table that no FabricProgram names any more: it stays loaded; declare its peering once more with disarmed: true';

function isArmed({ held }: Entry): boolean {
  return held !== undefined && !held.disarmed;
}

function troubleOf(spec: object | undefined, entry: Entry): string | undefined {
  if (spec && 'trouble' in spec && typeof spec.trouble === 'string') return spec.trouble;
  if (spec !== undefined || !isArmed(entry)) return undefined;
  return 'its object is gone without having been disarmed: the table stays loaded; declare it once more with disarmed: true';
}

function withoutNamed(tables: readonly string[], entries: ReadonlyMap<string, Entry>): readonly string[] {
  const named = new Set([...entries.values()].flatMap(({ book }) => (book.spec ? [tableName(book.spec.peering)] : [])));
  return tables.filter((table) => !named.has(table));
}
