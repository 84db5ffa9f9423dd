// What both clients are measured at. Each says how it does it; the measuring is the same.
import { collectedMb, memoryMb, point, type Point, quantile, rate } from './meter.ts';
import { policy, type Policy } from './policies.ts';
import { pool } from './pool.ts';

/** A client under measurement. */
export interface Subject {
  /** Lists all pods and goes on watching. `onUpdate` hears of each update, with what the writer noted in it. */
  readonly follow: (onUpdate: (note: string) => void) => Promise<{ readonly listed: number }>;
  /** Watches pods from an old version on; `onUpdate` hears of each event. */
  readonly replay: (version: string, onUpdate: () => void) => Promise<void>;
  readonly apply: (policy: Policy) => Promise<void>;
  readonly close: () => Promise<void>;
}

const IN_FLIGHT = 32;

/** Runs the task that the arguments name, and prints lines of JSON. */
export async function perform(
  subject: Subject,
  [task = '', count = '0', version = '']: readonly string[],
): Promise<void> {
  const print = (fields: object): void => void process.stdout.write(`${JSON.stringify(fields)}\n`);
  if (task === 'follow') await follow(subject, Number(count), print);
  else if (task === 'replay') print(await replay(subject, Number(count), version));
  else print(await applyAll(subject, Number(count)));
  await subject.close();
}

async function follow(subject: Subject, count: number, print: (fields: object) => void): Promise<void> {
  const start = point();
  const bareMb = memoryMb('VmRSS');
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const lags: number[] = [];
  const { listed } = await subject.follow((note) => {
    lags.push(Date.now() - Number(note));
    if (lags.length === count) resolve();
  });
  const after = point();
  const [rssMb, gcMb] = [memoryMb('VmRSS'), collectedMb()];
  const heapMb = Math.round(process.memoryUsage().heapUsed / 2 ** 20);
  const list = { wallMs: Math.round(after.wall - start.wall), cpuMs: Math.round(after.cpu - start.cpu) };
  print({ listed, bareMb, list, cpuPerObjectUs: rate(start, after, listed).cpuUs, rssMb, gcMb, heapMb });
  if (count === 0) return;
  const began = point();
  await all;
  const { cpuUs } = rate(began, point(), count);
  const [p50Ms, p99Ms] = [quantile(lags, 0.5), quantile(lags, 0.99)];
  print({ updates: count, cpuPerEventUs: cpuUs, p50Ms, p99Ms, gcMb: collectedMb(), peakMb: memoryMb('VmHWM') });
}

async function replay(subject: Subject, count: number, version: string): Promise<object> {
  const { promise: all, resolve } = Promise.withResolvers<void>();
  let first: Point | undefined;
  let seen = 0;
  await subject.replay(version, () => {
    first ??= point();
    if (++seen === count) resolve();
  });
  await all;
  const end = point();
  const { perSecond, cpuUs } = rate(first ?? end, end, count);
  return { events: count, eventsPerSecond: perSecond, cpuPerEventUs: cpuUs, peakMb: memoryMb('VmHWM') };
}

async function applyAll(subject: Subject, count: number): Promise<object> {
  const phases: Record<string, object> = {};
  for (const [phase, revision] of [
    ['create', '1'],
    ['unchanged', '1'],
    ['change', '2'],
  ] as const) {
    const began = point();
    const took = await pool(count, IN_FLIGHT, (index) => subject.apply(policy(index, revision)));
    const { perSecond, cpuUs } = rate(began, point(), count);
    phases[phase] = { perSecond, cpuPerObjectUs: cpuUs, p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99) };
  }
  return { objects: count, ...phases, rssMb: memoryMb('VmRSS'), peakMb: memoryMb('VmHWM') };
}
