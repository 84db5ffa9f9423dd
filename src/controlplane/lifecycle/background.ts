/** Work that follows a write: garbage collection, namespace emptying, establishing definitions. */
export interface Background {
  /** A job whose key already waits is not queued again: it will see the newest state anyway. */
  readonly schedule: (key: string, job: Job) => void;
  /** Resolves when nothing is left to do. */
  readonly settled: () => Promise<void>;
}

export type Job = () => void | Promise<void>;

/** @param report hears of a job that threw: a bug of ours, never a user's mistake. */
export function createBackground(report: (error: unknown) => void): Background {
  const waiting = new Map<string, Job>();
  let running: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve)); // the write that caused the job is answered first
    for (const [key, job] of waiting) {
      waiting.delete(key);
      try {
        await job();
      } catch (error) {
        report(error);
      }
    }
    running = undefined;
  };
  return {
    schedule(key, job) {
      if (!waiting.has(key)) waiting.set(key, job);
      running ??= drain();
    },
    async settled() {
      for (let current = running; current; current = running) await current;
    },
  };
}
