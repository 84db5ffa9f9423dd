import type { FirewallRule } from '../api/index.ts';
import { type Clock, sleep } from '../kube/index.ts';
import { rulesOf } from './assemble.ts';
import type { Book } from './book.ts';
import { cutPathsOf, deletionOf, type Tracked } from './conntrack-lines.ts';
import { judgeOf, type Membership } from './judge.ts';
import type { Family, Kernel } from './kernel.ts';
import { type AgentLog, type AgentMeter, asError } from './observe.ts';
import { type CutPath, cutScript, uncutScript } from './script.ts';

export interface ConnectionsOptions {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly log: AgentLog;
  readonly meter: AgentMeter;
  readonly localAddresses: () => ReadonlySet<string>;
}

/**
 * Established connections that a program denies after a change. Their entries in the kernel's table are deleted; that
 * alone would not end them, because the side that may open connections opens the entry anew with its next packet. So
 * both directions are dropped by name, for an hour after the change.
 */
export interface Connections {
  /** Looks at the connections of these addresses, or at all, soon. */
  sweep(program: string, book: Book, addresses: ReadonlySet<string> | 'all'): void;
  /** Cut connections that these rules would still not let through in both directions. */
  stillCut(program: string, rules: readonly FirewallRule[], members: Membership): readonly CutPath[];
  /** Learns what the kernel's table was found to hold as cut. False: it lacks some of {@link stillCut}. */
  adoptCuts(program: string, found: readonly CutPath[], rules: readonly FirewallRule[], members: Membership): boolean;
  /** What the kernel's table of the program holds as cut. */
  setCuts(program: string, cuts: readonly CutPath[]): void;
  forget(program: string): void;
  idle(): boolean;
  run(signal: AbortSignal): Promise<void>;
}

interface Cut {
  readonly path: CutPath;
  readonly until: number;
}

interface Wanted {
  readonly book: Book;
  addresses: Set<string> | 'all';
}

/** Reading the table costs by its size: changes of members share one reading. */
const PAUSE_MS = 200;
const CUT_MS = 3_600_000;
const MOST_CUTS = 65_536;

export function createConnections(options: ConnectionsOptions): Connections {
  const { kernel, clock, log } = options;
  const wanted = new Map<string, Wanted>();
  const cuts = new Map<string, Map<string, Cut>>();
  let working = false;
  let wake = (): void => undefined;

  const cutsOf = (program: string): Map<string, Cut> => {
    const found = cuts.get(program) ?? new Map<string, Cut>();
    for (const [key, { until }] of found) if (until < clock.monotonic()) found.delete(key);
    cuts.set(program, found);
    return found;
  };
  const remember = (program: string, paths: readonly CutPath[]): void => {
    const known = cutsOf(program);
    for (const path of paths)
      if (known.size < MOST_CUTS) known.set(keyOf(path), { path, until: clock.monotonic() + CUT_MS });
  };

  const sweepOne = async (program: string, { book, addresses }: Wanted, signal: AbortSignal): Promise<void> => {
    const { spec } = book;
    if (!spec || spec.disarmed) return;
    const denies = judgeOf(rulesOf(spec), book);
    const local = options.localAddresses();
    const concerns = ({ source, destination }: Pick<CutPath, 'source' | 'destination'>): boolean =>
      addresses === 'all' || addresses.has(source) || addresses.has(destination);
    const denied: Tracked[] = [];
    await kernel.eachConnection(
      familiesOf(addresses),
      (flow) => {
        if (concerns(flow) && !local.has(flow.source) && denies(flow)) denied.push(flow);
      },
      signal,
    );
    const known = cutsOf(program);
    const fresh = denied.flatMap(cutPathsOf).filter((path) => !known.has(keyOf(path)));
    if (fresh.length > 0) {
      await kernel.load(cutScript(spec.peering, fresh), signal);
      remember(program, fresh);
    }
    const deletions = new Map(denied.map((flow) => [deletionOf(flow).join(' '), deletionOf(flow)]));
    for (const args of deletions.values()) await kernel.deleteConnections(args, signal);
    if (denied.length > 0) {
      options.meter.cut(denied.length);
      log.info('connections were cut that the program denies now', { program, connections: denied.length });
    }
    const released = [...known.values()]
      .map(({ path }) => path)
      .filter((path) => concerns(path) && !denies(path) && !denies(reversed(path)));
    if (released.length > 0) {
      await kernel.load(uncutScript(spec.peering, released), signal);
      for (const path of released) known.delete(keyOf(path));
    }
  };

  return {
    sweep(program, book, addresses) {
      const before = wanted.get(program);
      if (!before) wanted.set(program, { book, addresses: addresses === 'all' ? 'all' : new Set(addresses) });
      else if (addresses === 'all') before.addresses = 'all';
      else if (before.addresses !== 'all') for (const address of addresses) before.addresses.add(address);
      wake();
    },
    stillCut(program, rules, members) {
      const denies = judgeOf(rules, members);
      return [...cutsOf(program).values()]
        .map(({ path }) => path)
        .filter((path) => denies(path) || denies(reversed(path)));
    },
    adoptCuts(program, found, rules, members) {
      const there = new Set(found.map(keyOf));
      const isWhole = this.stillCut(program, rules, members).every((path) => there.has(keyOf(path)));
      remember(
        program,
        found.filter((path) => !cutsOf(program).has(keyOf(path))),
      );
      return isWhole;
    },
    setCuts(program, paths) {
      cuts.set(program, new Map());
      remember(program, paths);
    },
    forget(program) {
      cuts.delete(program);
      wanted.delete(program);
    },
    idle: () => wanted.size === 0 && !working,
    async run(signal) {
      while (!signal.aborted) {
        const [next] = wanted;
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
          continue;
        }
        const [program, what] = next;
        wanted.delete(program);
        working = true;
        try {
          // While a program waits for slices its members are not known: nobody is cut by half a set.
          if (what.book.isComplete()) await sweepOne(program, what, signal);
          else if (what.book.spec) this.sweep(program, what.book, what.addresses);
        } catch (error) {
          if (signal.aborted) return;
          log.error('connections could not be cut', { program, error: asError(error) });
          this.sweep(program, what.book, what.addresses);
        }
        await sleep(clock, PAUSE_MS, signal).catch(() => undefined);
        working = false;
      }
    },
  };
}

function familiesOf(addresses: Wanted['addresses']): readonly Family[] {
  const has = (isIPv6: boolean): boolean =>
    addresses === 'all' || [...addresses].some((address) => address.includes(':') === isIPv6);
  return [...(has(false) ? ['ipv4' as const] : []), ...(has(true) ? ['ipv6' as const] : [])];
}

function reversed(path: CutPath): CutPath {
  const { family, protocol, source, sourcePort, destination, destinationPort } = path;
  return {
    family,
    protocol,
    source: destination,
    sourcePort: destinationPort,
    destination: source,
    destinationPort: sourcePort,
  };
}

function keyOf({ protocol, source, sourcePort, destination, destinationPort }: CutPath): string {
  return `${protocol} ${source} ${sourcePort} ${destination} ${destinationPort}`;
}
