import type { FabricBypass, FabricMemberSlice, FabricProgramReport } from '../api/index.ts';
import { type Client, createWatch, sleep } from '../kube/index.ts';
import { aborted } from './aborted.ts';
import { type CanarySettings, createCanaryWatch } from './canary/watch.ts';
import { nothingKnown } from './datapath.ts';
import { createEnforcer, type EnforcerOptions } from './enforcer.ts';
import { FABRIC_MEMBER_SLICE, FABRIC_PROGRAM, programSpecs, type ReadSpec, sliceSpecs } from './kinds.ts';
import { asError } from './observe.ts';
import { judgePaths } from './paths.ts';
import { createReporter, lastReport } from './reporter.ts';

export interface AgentOptions extends Omit<EnforcerOptions, 'onReport'> {
  readonly client: Client;
  /** The Node that this is the agent of. */
  readonly node: string;
  readonly random: () => number;
  /** Which ways of packets the node's network keeps from netfilter; asked again every minute. */
  readonly datapath: (signal: AbortSignal) => Promise<readonly FabricBypass[]>;
  /** Undefined: no canary is asked, and the configuration alone is believed. */
  readonly canary: CanarySettings | undefined;
  /** Default 30. */
  readonly reportSeconds?: number;
}

/** What health checks are made of. */
export interface AgentHealth {
  /** Every object is known; before that the kernel is left as it was found. */
  readonly synced: boolean;
  /** Nothing is left to do. */
  readonly idle: boolean;
  readonly programs: readonly FabricProgramReport[];
}

export interface Agent {
  health(): AgentHealth;
  /** Works until the signal. What is loaded stays loaded, whatever ends it. */
  run(signal: AbortSignal): Promise<void>;
}

const DATAPATH_MS = 60_000;

/** Keeps one node's kernel at the programs that are declared, and reports what it holds. */
export function createAgent(options: AgentOptions): Agent {
  const { client, clock, random, log, node, kernel } = options;
  let configured: readonly FabricBypass[] = nothingKnown('the network of this node has not been looked at yet');
  let synced = false;
  const canary =
    options.canary &&
    createCanaryWatch({
      ...options.canary,
      client,
      clock,
      random,
      log,
      node,
      kernel,
      onChange: () => reporter.changed(),
    });
  const enforcer = createEnforcer({ ...options, onReport: () => reporter.changed() });
  const reporter = createReporter({
    client,
    clock,
    log,
    node,
    reportSeconds: options.reportSeconds ?? 30,
    read: () => ({ programs: [...enforcer.reports()], ...judgePaths(configured, canary?.memory()) }),
  });
  const onTrouble = (error: Error): void => log.warn('watching the API server failed', { error });
  const programs = createWatch(client, {
    kind: FABRIC_PROGRAM,
    projection: programSpecs,
    clock,
    random,
    onTrouble,
    onChange: (change) => enforcer.setProgram(change.key, change.kind === 'deleted' ? undefined : change.after),
  });
  const slices = createWatch(client, {
    kind: FABRIC_MEMBER_SLICE,
    projection: sliceSpecs,
    clock,
    random,
    onTrouble,
    onChange(change) {
      const before = change.kind === 'added' ? undefined : change.before;
      const after = change.kind === 'deleted' ? undefined : change.after;
      const isPlaceKept = isReadable(before) && isReadable(after) && samePlace(before, after);
      // A slice that moved, or that cannot be read any more, leaves its place: the program waits for it.
      if (isReadable(before) && !isPlaceKept) enforcer.removeSlice(change.key, before);
      if (isReadable(after)) enforcer.setSlice(change.key, after);
      else if (after) log.error('a slice cannot be read', { slice: change.key, trouble: after.trouble });
    },
  });

  const recallCanary = async (signal: AbortSignal): Promise<void> => {
    if (!canary) return;
    try {
      canary.recall((await lastReport(client, node, signal))?.paths ?? []);
    } catch (error) {
      if (!signal.aborted) log.warn('what this node last reported could not be read', { error: asError(error) });
    }
  };
  const lookAtDatapath = async (signal: AbortSignal): Promise<void> => {
    try {
      const found = await options.datapath(signal);
      if (JSON.stringify(found) === JSON.stringify(configured)) return;
      configured = found;
      const classes = found.map((each) => `${each.class}: ${each.reason}`);
      if (classes.length > 0) log.warn('ways of packets that this node does not enforce', { classes });
      reporter.changed();
      canary?.stir();
    } catch (error) {
      if (!signal.aborted) log.warn('the datapath of this node could not be read', { error: asError(error) });
    }
  };
  const watchDatapath = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await sleep(clock, DATAPATH_MS, signal).catch(() => undefined);
      if (!signal.aborted) await lookAtDatapath(signal);
    }
  };

  return {
    health: () => ({ synced, idle: enforcer.idle(), programs: enforcer.reports() }),
    async run(signal) {
      const ending = new AbortController();
      const life = AbortSignal.any([signal, ending.signal]);
      const enforce = async (): Promise<void> => {
        await Promise.race([Promise.all([programs.synced, slices.synced]), aborted(life)]);
        if (life.aborted) return;
        synced = true;
        // Before the first report: that would say of a node that nobody has looked at what is true of a good one.
        const report = async (): Promise<void> => {
          await recallCanary(life);
          await lookAtDatapath(life);
          await Promise.all([reporter.run(life), watchDatapath(life), canary?.run(life)]);
        };
        await Promise.all([enforcer.run(life), report()]);
      };
      // One part that breaks takes the others with it: half an agent would look like a whole one.
      const parts = [programs.run(life), slices.run(life), enforce()].map((part) =>
        part.catch((error: unknown) => {
          ending.abort(error);
          throw error;
        }),
      );
      const ends = await Promise.allSettled(parts);
      const broken = ends.find((end) => end.status === 'rejected');
      if (broken && !signal.aborted) throw asError(broken.reason);
    },
  };
}

type SliceSpec = FabricMemberSlice['spec'];

function isReadable(slice: ReadSpec<SliceSpec> | undefined): slice is SliceSpec {
  return slice !== undefined && !('trouble' in slice);
}

function samePlace(a: SliceSpec, b: SliceSpec): boolean {
  return a.program === b.program && a.set === b.set && a.index === b.index;
}
