import { Session } from 'node:inspector/promises';
import { type Clock, sleep } from '../../kube/index.ts';

/** Only one profile is taken at a time. */
export class ProfileRunningError extends Error {
  readonly code = 'ProfileRunning';
  constructor() {
    super('a profile is being taken');
    this.name = 'ProfileRunningError';
  }
}

export interface Profiler {
  /** A CPU profile of this process over `ms`, as the text of a `.cpuprofile`. Rejects with ProfileRunningError. */
  take(ms: number, signal: AbortSignal): Promise<string>;
}

export function createProfiler(clock: Clock): Profiler {
  let running = false;
  return {
    async take(ms, signal) {
      if (running) throw new ProfileRunningError();
      running = true;
      const session = new Session();
      session.connect();
      try {
        await session.post('Profiler.enable');
        await session.post('Profiler.start');
        // Whoever asked may go away; what was seen until then is thrown away with it.
        await sleep(clock, ms, signal);
        const { profile } = await session.post('Profiler.stop');
        return JSON.stringify(profile);
      } finally {
        session.disconnect();
        running = false;
      }
    },
  };
}
