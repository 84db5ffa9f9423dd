import type { FabricPath } from '../../api/index.ts';
import { type Client, type Clock, sleep } from '../../kube/index.ts';
import { aborted } from '../aborted.ts';
import type { Kernel } from '../kernel.ts';
import { CANARY_TABLE } from '../names.ts';
import { type AgentLog, asError } from '../observe.ts';
import { deleteTableScript } from '../script.ts';
import { createDirectory } from './directory.ts';
import { type Hub, openHub } from './hub.ts';
import { type Memory, NOTHING_SEEN, pauseAfter, recall, remember } from './remember.ts';
import { runTrial } from './trial.ts';

export interface CanarySettings {
  /** The node's addresses, at which its canary pods find the agent. */
  readonly addresses: readonly string[];
  /** TCP for the errands, UDP for the probes. */
  readonly port: number;
  /** Of the canary pods. */
  readonly namespace: string;
  /** From one trial to the next while every way is seen to pass; see {@link pauseAfter}. */
  readonly seconds: number;
}

export interface CanaryOptions extends CanarySettings {
  readonly client: Client;
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly log: AgentLog;
  readonly node: string;
  readonly random: () => number;
  /** Called when {@link CanaryWatch.memory} says something new. */
  readonly onChange: () => void;
}

export interface CanaryWatch {
  memory(): Memory;
  /** Takes over what the node last reported; to be called before the first report. */
  recall(paths: readonly FabricPath[]): void;
  /** Something has changed: a trial is due. */
  stir(): void;
  run(signal: AbortSignal): Promise<void>;
}

/** Canaries that come together are one trial. */
const GATHER_MS = 1000;
const RETRY_MS = 30_000;

/** Tries the ways of packets now and then, for as long as canary pods are connected; without them it sleeps. */
export function createCanaryWatch(options: CanaryOptions): CanaryWatch {
  const { client, clock, kernel, log, node, random, addresses, port, namespace } = options;
  const directory = createDirectory({ client, clock, node, namespace });
  let memory = NOTHING_SEEN;
  let isStirred = true;
  let wake = (): void => undefined;
  const stir = (): void => {
    isStirred = true;
    wake();
  };

  const attempt = async (hub: Hub, turn: number, signal: AbortSignal): Promise<void> => {
    const remote = hub.connected().length > 0 ? await directory.elsewhere(turn, signal) : undefined;
    const tools = { kernel, hub, port, nodeAddresses: addresses, random };
    const sights = await runTrial(remote, tools, signal);
    const before = memory;
    memory = remember(before, sights, new Date(clock.wall()).toISOString());
    if (JSON.stringify(before.sights) === JSON.stringify(memory.sights)) return;
    log.info('the canary has seen the ways of packets', {
      ways: Object.entries(memory.sights).map(([way, { canary, message }]) => `${way}: ${canary}: ${message}`),
    });
    options.onChange();
  };

  const work = async (hub: Hub, signal: AbortSignal): Promise<void> => {
    let pause = 0;
    for (let turn = 0; !signal.aborted; turn += 1) {
      await sleep(clock, GATHER_MS, signal);
      isStirred = false;
      try {
        await attempt(hub, turn, signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn('the canary could not be tried', { error: asError(error) });
      }
      pause = pauseAfter(memory, pause, options.seconds);
      if (isStirred) continue;
      const over = new AbortController();
      wake = () => over.abort();
      const rest = AbortSignal.any([signal, over.signal]);
      // Where nobody is there to be asked, whoever comes stirs.
      await (hub.connected().length > 0 ? sleep(clock, pause * 1000, rest) : aborted(rest)).catch(() => undefined);
    }
  };

  return {
    memory: () => memory,
    recall(paths) {
      memory = recall(paths);
    },
    stir,
    async run(signal) {
      while (!signal.aborted) {
        let hub: Hub | undefined;
        try {
          // What an agent left that was killed in the middle of a trial.
          await kernel.load(deleteTableScript(CANARY_TABLE), signal);
          hub = await openHub({
            addresses,
            port,
            canaryAt: (address) => directory.at(address, signal),
            onJoined: stir,
            onTrouble: (error) => log.warn('trouble with a canary', { error }),
          });
          await work(hub, signal);
        } catch (error) {
          if (signal.aborted) return;
          log.warn('canaries cannot be heard', { error: asError(error) });
          await sleep(clock, RETRY_MS, signal).catch(() => undefined);
        } finally {
          hub?.close();
        }
      }
    },
  };
}
