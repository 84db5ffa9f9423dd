// A clock that stands still until a test winds it.
import type { Clock } from '../clock.ts';

export interface HandClock extends Clock {
  /** Moves time forward and runs what falls due, in order of time. */
  wind(ms: number): void;
  /** Moves time to the next waiting task and runs it; false when nothing waits. */
  windToNext(): boolean;
  /** Changes the date without any time passing. */
  setWall(ms: number): void;
  /** Delays of the tasks that wait, soonest first. */
  waiting(): readonly number[];
  /** Resolves once at least `count` tasks wait. */
  until(count: number): Promise<void>;
  /** Resolves once a task waits that is due in exactly `ms`. */
  untilDelay(ms: number): Promise<void>;
}

interface Task {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

export function handClock(start = 0, wallStart = 1_700_000_000_000): HandClock {
  let now = start;
  let wallOffset = wallStart - start;
  let order = 0;
  const tasks = new Set<Task>();
  let watchers: { readonly ready: () => boolean; readonly resolve: () => void }[] = [];

  const sorted = (): Task[] => [...tasks].sort((a, b) => a.due - b.due || a.order - b.order);
  const runDue = (): void => {
    for (let next = sorted()[0]; next && next.due <= now; next = sorted()[0]) {
      tasks.delete(next);
      next.run();
    }
  };
  const untilReady = (ready: () => boolean): Promise<void> =>
    ready() ? Promise.resolve() : new Promise((resolve) => watchers.push({ ready, resolve }));
  return {
    monotonic: () => now,
    wall: () => now + wallOffset,
    after(ms, run) {
      const task = { due: now + Math.max(ms, 0), order: order++, run };
      tasks.add(task);
      const done = watchers.filter(({ ready }) => ready());
      watchers = watchers.filter((watcher) => !done.includes(watcher));
      for (const { resolve } of done) resolve();
      return () => tasks.delete(task);
    },
    wind(ms) {
      const end = now + ms;
      for (let next = sorted()[0]; next && next.due <= end; next = sorted()[0]) {
        now = next.due;
        runDue();
      }
      now = end;
    },
    windToNext() {
      const next = sorted()[0];
      if (!next) return false;
      now = Math.max(now, next.due);
      runDue();
      return true;
    },
    setWall(ms) {
      wallOffset = ms - now;
    },
    waiting: () => sorted().map(({ due }) => due - now),
    until: (count) => untilReady(() => tasks.size >= count),
    untilDelay: (ms) => untilReady(() => [...tasks].some((task) => task.due - now === ms)),
  };
}
