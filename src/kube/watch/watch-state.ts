// The watch as an explicit state machine. Pure: requestFor says what to ask next, advance what an answer means.
import { isOlder } from '../object.ts';

/** `failures` counts in a row; it drives the backoff. `streams`: whether the next full read is tried as a stream. */
export type WatchState =
  /** Collecting the initial state from one watch that begins with all objects. */
  | { readonly at: 'streaming'; readonly failures: number }
  /** Collecting it from pages; `next` is the token of the page to ask for, undefined for the first. */
  | { readonly at: 'listing'; readonly next: string | undefined; readonly streams: boolean; readonly failures: number }
  /** Everything up to `version` is in the store. */
  | { readonly at: 'watching'; readonly version: string; readonly streams: boolean; readonly failures: number };

export type WatchInput =
  /** An object of a page. */
  | { readonly got: 'item' }
  /** The end of a page; without `next` the last one. */
  | { readonly got: 'page'; readonly next: string | undefined; readonly version: string }
  | { readonly got: 'event'; readonly version: string }
  | { readonly got: 'bookmark'; readonly version: string; readonly initialEnd: boolean }
  /** The server ended the answer as agreed; `quick` when it lasted so short that asking again at once would be a hot loop. */
  | { readonly got: 'closed'; readonly quick: boolean }
  /** Reset, refused, 5xx, throttled, cut off in the middle. */
  | { readonly got: 'failed'; readonly retryAfterMs?: number }
  /** The deadline passed without an end: the connection is open and nobody is there. */
  | { readonly got: 'frozen' }
  /** 410, or a version from the future (an etcd restored from a backup). */
  | { readonly got: 'expired'; readonly retryAfterMs?: number }
  /** The server does not know initial events in a watch. */
  | { readonly got: 'unsupported' };

/** What to do with what came: put it aside, swap all that was put aside in, change the store, drop what was put aside. */
export type WatchEffect = 'collect' | 'commit' | 'apply' | 'discard' | 'nothing';

export interface WatchStep {
  readonly state: WatchState;
  readonly effect: WatchEffect;
  /** Present when the next request must wait; see delayOf. */
  readonly wait?: Wait;
}

export interface Wait {
  readonly failures: number;
  readonly atLeastMs: number;
}

export type WatchRequest =
  | { readonly kind: 'stream' }
  | { readonly kind: 'page'; readonly next: string | undefined }
  | { readonly kind: 'watch'; readonly version: string };

export function initialState(streams: boolean): WatchState {
  return streams ? { at: 'streaming', failures: 0 } : { at: 'listing', next: undefined, streams, failures: 0 };
}

export function requestFor(state: WatchState): WatchRequest {
  switch (state.at) {
    case 'streaming':
      return { kind: 'stream' };
    case 'listing':
      return { kind: 'page', next: state.next };
    case 'watching':
      return { kind: 'watch', version: state.version };
    default:
      return state satisfies never;
  }
}

/** Every state has an answer to every input; what cannot come changes nothing. */
export function advance(state: WatchState, input: WatchInput): WatchStep {
  switch (state.at) {
    case 'streaming':
      return whileStreaming(state, input);
    case 'listing':
      return whileListing(state, input);
    case 'watching':
      return whileWatching(state, input);
    default:
      return state satisfies never;
  }
}

/** A continue token that fails this often in a row is given up, and the list begins again. */
const MAX_PAGE_FAILURES = 3;

type Streaming = Extract<WatchState, { at: 'streaming' }>;
type Listing = Extract<WatchState, { at: 'listing' }>;
type Watching = Extract<WatchState, { at: 'watching' }>;

function whileStreaming(state: Streaming, input: WatchInput): WatchStep {
  switch (input.got) {
    case 'event':
      return { state, effect: 'collect' };
    case 'bookmark':
      // A plain bookmark before the end of the initial events says nothing about what we hold: never resume from it.
      if (!input.initialEnd) return { state, effect: 'nothing' };
      return { state: { at: 'watching', version: input.version, streams: true, failures: 0 }, effect: 'commit' };
    case 'unsupported':
      return { state: pagesFrom(state.failures), effect: 'discard' };
    case 'frozen':
      // Either frozen, or a server that ignores the parameter and never ends the initial events: pages work for both.
      return delayed(pagesFrom(state.failures + 1), 'discard');
    case 'closed':
    case 'failed':
    case 'expired':
      return delayed({ at: 'streaming', failures: state.failures + 1 }, 'discard', input);
    case 'item':
    case 'page':
      return { state, effect: 'nothing' };
    default:
      return input satisfies never;
  }
}

function whileListing(state: Listing, input: WatchInput): WatchStep {
  switch (input.got) {
    case 'item':
      return { state, effect: 'collect' };
    case 'page': {
      const { next, version } = input;
      if (next !== undefined) return { state: { ...state, next, failures: 0 }, effect: 'nothing' };
      return { state: { at: 'watching', version, streams: state.streams, failures: 0 }, effect: 'commit' };
    }
    case 'expired':
      return delayed({ ...state, next: undefined, failures: state.failures + 1 }, 'discard', input);
    case 'closed':
    case 'failed':
    case 'frozen':
    case 'unsupported': {
      const failures = state.failures + 1;
      // The pages so far belong to the token's snapshot; without it they belong to nothing.
      if (state.next !== undefined && failures < MAX_PAGE_FAILURES)
        return delayed({ ...state, failures }, 'nothing', input);
      return delayed({ ...state, next: undefined, failures }, 'discard', input);
    }
    case 'event':
    case 'bookmark':
      return { state, effect: 'nothing' };
    default:
      return input satisfies never;
  }
}

function whileWatching(state: Watching, input: WatchInput): WatchStep {
  switch (input.got) {
    case 'event':
      // Events come in order of version; an older one is a replay and could bring a deleted object back.
      if (isOlder(input.version, state.version)) return { state, effect: 'nothing' };
      return { state: { ...state, version: input.version, failures: 0 }, effect: 'apply' };
    case 'bookmark': {
      const version = isOlder(input.version, state.version) ? state.version : input.version;
      return { state: { ...state, version, failures: 0 }, effect: 'nothing' };
    }
    case 'closed':
      if (!input.quick) return { state: { ...state, failures: 0 }, effect: 'nothing' };
      return delayed({ ...state, failures: state.failures + 1 }, 'nothing', input);
    case 'failed':
    case 'frozen':
    case 'unsupported':
      return delayed({ ...state, failures: state.failures + 1 }, 'nothing', input);
    case 'expired': {
      const failures = state.failures + 1;
      return delayed({ ...initialState(state.streams), failures }, 'discard', input);
    }
    case 'item':
    case 'page':
      return { state, effect: 'nothing' };
    default:
      return input satisfies never;
  }
}

function pagesFrom(failures: number): Listing {
  return { at: 'listing', next: undefined, streams: false, failures };
}

function delayed(state: WatchState, effect: WatchEffect, input?: WatchInput): WatchStep {
  const asked = input && 'retryAfterMs' in input ? input.retryAfterMs : undefined;
  return { state, effect, wait: { failures: state.failures, atLeastMs: asked ?? 0 } };
}
