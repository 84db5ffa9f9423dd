import type { ControllerContext } from './context.ts';

/** Long-running pieces of one controller, of which the first that breaks ends all. */
export interface Tasks {
  /** Keeps hold of a piece that runs until it is told to stop. */
  start(piece: Promise<void>): void;
  /** Rejects with what broke first; never resolves. */
  readonly broken: Promise<never>;
  /** Resolves when every piece has ended, whether it broke or not. */
  allEnded(): Promise<void>;
}

/** What the parts of one controller share from its start to its end. */
export interface Scope {
  readonly context: ControllerContext;
  readonly tasks: Tasks;
  /** Aborted when the controller ends, for whatever reason: watches end by it. */
  readonly signal: AbortSignal;
}

export function openTasks(): Tasks {
  const running = new Set<Promise<void>>();
  const { promise: broken, reject } = Promise.withResolvers<never>();
  // It is looked at only while the controller runs.
  broken.catch(() => undefined);
  return {
    start(piece) {
      running.add(piece);
      piece.then(() => running.delete(piece), reject);
    },
    broken,
    async allEnded() {
      await Promise.allSettled(running);
    },
  };
}
