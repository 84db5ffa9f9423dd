/** Work that follows a write: garbage collection, namespace emptying, establishing definitions. */
export interface Background {
  readonly schedule: (job: () => void | Promise<void>) => void;
  /** Resolves when nothing is left to do. */
  readonly settled: () => Promise<void>;
}

/** @param report hears of a job that threw: a bug of ours, never a user's mistake. */
export function createBackground(report: (error: unknown) => void): Background {
  const jobs: (() => void | Promise<void>)[] = [];
  let running: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve)); // the write that caused the job is answered first
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      try {
        await job();
      } catch (error) {
        report(error);
      }
    }
    running = undefined;
  };
  return {
    schedule(job) {
      jobs.push(job);
      running ??= drain();
    },
    async settled() {
      for (let current = running; current; current = running) await current;
    },
  };
}
