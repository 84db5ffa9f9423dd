import { type Clock, sleep } from '../kube/index.ts';
import type { Kernel } from './kernel.ts';
import { type AgentLog, asError } from './observe.ts';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** Hears of foreign edits for as long as the signal lets it, whatever happens to the program that tells of them. */
export async function hearForeign(
  kernel: Kernel,
  onForeign: (tables: ReadonlySet<string> | 'lost') => void,
  { clock, log, signal }: { readonly clock: Clock; readonly log: AgentLog; readonly signal: AbortSignal },
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const onReady = (): void => {
      failures = 0;
      // What happened while nobody watched.
      onForeign('lost');
    };
    try {
      await kernel.watchForeign(onForeign, onReady, signal);
    } catch (error) {
      if (signal.aborted) return;
      log.warn('watching the packet filter broke off', { error: asError(error) });
    }
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10));
    failures += 1;
    await sleep(clock, wait, signal).catch(() => undefined);
  }
}
