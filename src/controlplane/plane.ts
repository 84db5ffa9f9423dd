import type { JsonObject } from './json.ts';
import type { Builtins } from './kinds/builtin-resources.ts';
import type { Registry } from './kinds/registry.ts';
import type { Background } from './lifecycle/background.ts';
import type { Store } from './store/store.ts';
import type { Hooks } from './admission/hooks.ts';
import type { Faults } from './faults/faults.ts';

/** Time as the control plane knows it; tests bring their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Runs once after a while; returns how to cancel. It never keeps the process alive. */
  readonly after: (millis: number, run: () => void) => () => void;
}

/** Everything that the verbs work with. */
export interface Plane {
  readonly store: Store;
  readonly registry: Registry;
  readonly builtins: Builtins;
  readonly clock: Clock;
  readonly newUid: () => string;
  readonly newSuffix: () => string;
  readonly background: Background;
  readonly hooks: Hooks;
  readonly faults: Faults;
  /** Milliseconds between bookmarks of a watch that asked for them. */
  readonly bookmarkEvery: number;
  /** JSON text of a stored object; a thousand watches of one event share it. */
  readonly textOf: (object: JsonObject) => string;
}
