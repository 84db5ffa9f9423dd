// Drives the watch state machine: sends what requestFor asks for, feeds what comes into advance, does what it says.
import { delayOf, type Backoff } from '../backoff.ts';
import { withQuery, type Client } from '../client/index.ts';
import { sleep, systemClock, type Clock } from '../clock.ts';
import { at, stringAt } from '../json.ts';
import { errorOfResponse, KubeError, means } from '../errors.ts';
import { collectionPath, type KindName } from '../kind.ts';
import { items } from './items.ts';
import { lines } from './lines.ts';
import { readerFor, type Projection } from './projection.ts';
import { storeWriter, type Change, type Store } from './store.ts';
import {
  advance,
  initialState,
  requestFor,
  type WatchInput,
  type WatchRequest,
  type WatchState,
} from './watch-state.ts';

export interface WatchOptions<T> {
  readonly kind: KindName;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly projection: Projection<T>;
  /** Hears every change, in order, after the store has it. What it throws ends the watch. */
  readonly onChange: (change: Change<T>) => void;
  /** Called when a full read is in the store and all its changes are told: `version` is what the store now stands at. */
  readonly onRead?: (version: string) => void;
  /** Hears of every failure; the watch goes on by itself. */
  readonly onTrouble?: (error: KubeError, waitMs: number) => void;
  readonly timing?: Partial<WatchTiming>;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Ask for the initial state as a stream first. Default true; servers that do not know it are listed in pages. */
  readonly streams?: boolean;
  readonly pageSize?: number;
}

export interface WatchTiming {
  readonly backoff: Backoff;
  /** How long the server is asked to keep a watch open, in seconds: a random value in this range. */
  readonly watchSeconds: readonly [number, number];
  /** A watch still open this long after the server should have ended it is frozen. */
  readonly graceMs: number;
  /** While the initial state arrives: silence of this length means frozen. */
  readonly quietMs: number;
  /** A watch that ends sooner counts as a failure: asking again at once would be a hot loop. */
  readonly quickMs: number;
}

const TIMING: WatchTiming = {
  backoff: { baseMs: 800, capMs: 30_000 },
  watchSeconds: [300, 600],
  graceMs: 30_000,
  quietMs: 30_000,
  quickMs: 1000,
};

export interface Watch<T> {
  readonly store: Store<T>;
  /** Resolves when the store holds the initial state. */
  readonly synced: Promise<void>;
  /** What it is doing; for health checks and tests. */
  state(): WatchState;
  /** Runs until `signal` aborts (then resolves), or until user code throws (then rejects). Call once. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Follows a kind: reads everything, then hears of each change, and starts over by itself whatever breaks; what happened
 * meanwhile is told as changes, too. Nothing is asked before `run`.
 */
export function createWatch<T>(client: Client, options: WatchOptions<T>): Watch<T> {
  const timing = { ...TIMING, ...options.timing };
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const writer = storeWriter(guarded(options.onChange), options.projection.equal);
  const reader = readerFor({ ...options.projection, of: guarded(options.projection.of) });
  const onRead = guarded(options.onRead ?? (() => undefined));
  const { promise: synced, resolve: reportSynced } = Promise.withResolvers<void>();
  let state = initialState(options.streams ?? true);
  let waitMs: number | undefined;

  /** Takes the step that `input` means; `collect` and `apply` are done by the caller, who has the object. */
  const step = (input: WatchInput): 'collect' | 'apply' | undefined => {
    const { state: next, effect, wait } = advance(state, input);
    state = next;
    waitMs = wait && delayOf(timing.backoff, wait.failures, random(), wait.atLeastMs);
    switch (effect) {
      case 'collect':
      case 'apply':
        return effect;
      case 'commit':
        writer.commit();
        if (next.at === 'watching') onRead(next.version);
        reportSynced();
        return undefined;
      case 'discard':
        writer.discard();
        return undefined;
      case 'nothing':
        return undefined;
      default:
        return effect satisfies never;
    }
  };

  const onLine = (line: Buffer): void => {
    const event = reader.event(line);
    switch (event.kind) {
      case 'put': {
        const effect = step({ got: 'event', version: event.item.version });
        if (effect === 'collect') writer.collect(event.item.key, event.item);
        else if (effect === 'apply') writer.put(event.item);
        return;
      }
      case 'removed': {
        const effect = step({ got: 'event', version: event.version });
        if (effect === 'collect') writer.collect(event.key, undefined);
        else if (effect === 'apply') writer.remove(event.key, event.version);
        return;
      }
      case 'bookmark':
        step({ got: 'bookmark', version: event.version, initialEnd: event.initialEnd });
        return;
      case 'error': {
        const code = at(event.status, 'code');
        throw errorOfResponse(`watch ${options.kind.plural}`, typeof code === 'number' ? code : 500, event.status);
      }
      default:
        event satisfies never;
    }
  };
  const onItem = (bytes: Buffer): void => {
    const item = reader.item(bytes);
    if (step({ got: 'item' }) === 'collect') writer.collect(item.key, item);
  };

  const perform = async (request: WatchRequest, signal: AbortSignal): Promise<WatchInput> => {
    const began = clock.monotonic();
    const seconds = timing.watchSeconds[0] + Math.floor(random() * (timing.watchSeconds[1] - timing.watchSeconds[0]));
    const deadline = deadlineFor(clock, signal);
    const quiet = (): void => deadline.in(timing.quietMs);
    if (request.kind === 'watch') deadline.in(seconds * 1000 + timing.graceMs);
    else quiet();
    try {
      const path = pathOf(options, request, seconds);
      const { chunks } = await client.stream(path, { signal: deadline.signal });
      if (request.kind === 'page') {
        const page = items();
        for await (const chunk of chunks) {
          quiet();
          page.feed(chunk, onItem);
        }
        return pageEnd(page.finish());
      }
      const splitter = lines();
      for await (const chunk of chunks) {
        splitter.feed(chunk, onLine);
        // Asked of the state after the chunk: one may hold all initial events, and nothing follows it for long.
        if (state.at === 'watching') deadline.in(began + seconds * 1000 + timing.graceMs - clock.monotonic());
        else quiet();
      }
      if (splitter.pending > 0)
        throw new KubeError('unreachable', `watch ${options.kind.plural}: cut off inside an event`);
      return { got: 'closed', quick: clock.monotonic() - began < timing.quickMs };
    } catch (error) {
      if (signal.aborted) throw error;
      const failure = asFailure(deadline.passed() ? frozen(options.kind) : error);
      const input = deadline.passed() ? ({ got: 'frozen' } as const) : inputOf(request, failure);
      lastTrouble = failure;
      return input;
    } finally {
      deadline.clear();
    }
  };
  let lastTrouble: KubeError | undefined;

  return {
    store: writer.store,
    synced,
    state: () => state,
    async run(signal) {
      while (!signal.aborted) {
        lastTrouble = undefined;
        try {
          step(await perform(requestFor(state), signal));
          if (lastTrouble) options.onTrouble?.(lastTrouble, waitMs ?? 0);
          if (waitMs !== undefined) await sleep(clock, waitMs, signal);
        } catch (error) {
          if (!signal.aborted || error instanceof UserCodeError) throw error;
        }
      }
    },
  };
}

/** User code threw: our bug or theirs, never the server's, so the watch ends instead of trying again. */
class UserCodeError extends Error {
  override readonly name = 'UserCodeError';
}

function guarded<A extends readonly unknown[], R>(run: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    try {
      return run(...args);
    } catch (error) {
      throw new UserCodeError('a watch called back into code that threw', { cause: error });
    }
  };
}

/** A signal that aborts with its parent, or when the time given last has run out. */
function deadlineFor(clock: Clock, parent: AbortSignal) {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(parent.reason);
  if (parent.aborted) onAbort();
  else parent.addEventListener('abort', onAbort, { once: true });
  let cancel = (): void => undefined;
  let due = 0;
  let armed = false;
  let passed = false;
  const check = (): void => {
    armed = false;
    // The deadline may have moved while the timer ran: one timer serves many moves.
    if (clock.monotonic() < due) arm();
    else {
      passed = true;
      controller.abort(new Error('deadline'));
    }
  };
  const arm = (): void => {
    armed = true;
    cancel = clock.after(due - clock.monotonic(), check);
  };
  return {
    signal: controller.signal,
    passed: () => passed,
    in(ms: number): void {
      const next = clock.monotonic() + ms;
      if (armed && next < due) {
        cancel();
        armed = false;
      }
      due = next;
      if (!armed) arm();
    },
    clear(): void {
      cancel();
      parent.removeEventListener('abort', onAbort);
      controller.abort(new Error('done'));
    },
  };
}

function pathOf<T>(options: WatchOptions<T>, request: WatchRequest, seconds: number): string {
  const { labelSelector, fieldSelector } = options;
  const path = collectionPath(options.kind, options.namespace);
  const watch = { watch: 1, allowWatchBookmarks: true, timeoutSeconds: seconds, labelSelector, fieldSelector };
  switch (request.kind) {
    case 'page':
      // No resourceVersion beside `continue`: the server refuses the pair.
      return withQuery(path, { limit: options.pageSize ?? 500, continue: request.next, labelSelector, fieldSelector });
    case 'stream':
      return withQuery(path, {
        ...watch,
        sendInitialEvents: true,
        resourceVersionMatch: 'NotOlderThan',
        resourceVersion: '',
      });
    case 'watch':
      return withQuery(path, { ...watch, resourceVersion: request.version });
    default:
      return request satisfies never;
  }
}

function pageEnd(shell: unknown): WatchInput {
  const version = stringAt(shell, 'metadata', 'resourceVersion');
  if (version === undefined) throw new KubeError('malformed', 'list: no resourceVersion');
  return { got: 'page', version, next: stringAt(shell, 'metadata', 'continue') || undefined };
}

function inputOf(request: WatchRequest, error: KubeError): WatchInput {
  const after = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs };
  if (means(error, 'expired', 'ahead')) return { got: 'expired', ...after };
  if (request.kind === 'stream' && means(error, 'invalid', 'badRequest')) return { got: 'unsupported' };
  return { got: 'failed', ...after };
}

/** Only failures of the server and of the way to it are tried again. */
function asFailure(error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  if (error instanceof SyntaxError) return new KubeError('malformed', 'list: cut off, or not JSON', { cause: error });
  throw error;
}

function frozen(kind: KindName): KubeError {
  return new KubeError('timeout', `watch ${kind.plural}: the server fell silent`);
}
