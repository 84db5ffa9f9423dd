// When an address came to be enforced, and when it ceased: by the stored FirewallConfiguration, or by a kernel.
import { createWatch, only, systemClock } from '../../src/kube/index.ts';
import { at, KINDS, type Scene } from '../../test/peering/scene.ts';

/** Resolves to the moment, on the clock of this process. */
export interface Seen {
  readonly comes: (address: string) => Promise<number>;
  readonly goes: (address: string) => Promise<number>;
  /** Addresses that are in now. */
  readonly size: () => number;
  readonly stop: () => Promise<void>;
}

const LIMIT_MS = 30_000;

/** Keeps who waits for what; `tell` says what is in now. */
export function waiting(stop: () => Promise<void>) {
  const present = new Set<string>();
  const waiters = new Map<string, (at: number) => void>();
  const wait = (address: string, isIn: boolean): Promise<number> => {
    if (present.has(address) === isIn) return Promise.resolve(performance.now());
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const what = `${isIn ? 'in' : 'out'} ${address}`;
    const timer = setTimeout(() => reject(new Error(`${what}: not within ${LIMIT_MS} ms`)), LIMIT_MS);
    waiters.set(what, (moment) => {
      clearTimeout(timer);
      resolve(moment);
    });
    return promise;
  };
  const tell = (address: string, isIn: boolean): void => {
    if (isIn) present.add(address);
    else present.delete(address);
    const what = `${isIn ? 'in' : 'out'} ${address}`;
    waiters.get(what)?.(performance.now());
    waiters.delete(what);
  };
  const seen: Seen = {
    comes: (address) => wait(address, true),
    goes: (address) => wait(address, false),
    size: () => present.size,
    stop,
  };
  return { seen, tell, present };
}

/** By a watch on FirewallConfigurations. */
export function seenInFirewall(scene: Scene): Seen {
  const ending = new AbortController();
  const { seen, tell, present } = waiting(async () => {
    ending.abort();
    await running;
  });
  const watch = createWatch<readonly string[]>(scene.client, {
    kind: KINDS.FirewallConfiguration,
    projection: { mask: only('spec.table.sets'), of: (object) => elementsOf(at(object, 'spec', 'table', 'sets')) },
    onChange: (change) => {
      const now = new Set(change.kind === 'deleted' ? [] : change.after);
      for (const address of present) if (!now.has(address)) tell(address, false);
      for (const address of now) if (!present.has(address)) tell(address, true);
    },
    onTrouble: () => undefined,
    clock: systemClock,
    random: Math.random,
  });
  const running = watch.run(ending.signal);
  return seen;
}

function elementsOf(sets: unknown): readonly string[] {
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
  return list(sets).flatMap((set) => list(at(set, 'elements')).map((element) => String(at(element, 'key'))));
}
