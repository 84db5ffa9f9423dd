// Whether the process is alive, and whether it does its work. Pure.
import type { OperatorState } from '../operator.ts';
import type { WatchedCollection } from './watched-client.ts';

export interface Vitals {
  readonly state: OperatorState;
  readonly collections: readonly WatchedCollection[];
  /** Whether the webhook has a certificate to show; undefined when there is no webhook. */
  readonly admission: boolean | undefined;
  readonly ending: boolean;
  /** Half of the pauses of the event loop in the last minute were longer than this, in milliseconds. */
  readonly loopDelayMs: number;
  /** Monotonic milliseconds. */
  readonly now: number;
}

/** Longer than the longest watch (600 s), its grace (30 s) and the longest wait before the next (30 s), with room. */
const SILENT_MS = 15 * 60 * 1000;
const LOOP_DELAY_MS = 2000;
/** Shorter troubles of the API server are everyday's. */
const FAILING_MS = 60 * 1000;

/** Why the process should be started anew; empty when it should not. An API server that is away is no reason. */
export function deadly({ collections, loopDelayMs, now }: Vitals): readonly string[] {
  const loop = loopDelayMs > LOOP_DELAY_MS ? [`the event loop is late by ${Math.round(loopDelayMs)} ms`] : [];
  const silent = collections
    .filter(({ lastSign }) => now - lastSign > SILENT_MS)
    .map(({ path, lastSign }) => `watch ${path}: silent for ${Math.round((now - lastSign) / 1000)} s`);
  return [...loop, ...silent];
}

/** Why it does not do its work now; empty when it is ready. A replica that waits for the lease is ready to take over. */
export function unready(vitals: Vitals): readonly string[] {
  const { state, collections, admission, ending, now } = vitals;
  const unsynced = state.leading ? state.controllers.filter(({ synced }) => !synced) : [];
  const failing = collections.filter(
    ({ failingSince }) => failingSince !== undefined && now - failingSince > FAILING_MS,
  );
  return [
    ...(ending ? ['ending'] : []),
    ...unsynced.map(({ name }) => `controller ${name}: its caches have not synced`),
    ...failing.map(({ path, failures }) => `watch ${path}: failed ${failures} times in a row`),
    ...(admission === false ? ['webhook: there is no certificate yet'] : []),
    ...deadly(vitals),
  ];
}
