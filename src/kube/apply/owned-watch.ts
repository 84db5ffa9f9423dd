// The watch that feeds the apply engine.
import type { Client } from '../client/index.ts';
import { createWatch, type Watch, type WatchOptions } from '../watch/index.ts';
import type { Applier } from './apply.ts';
import { observedProjection, type Observed } from './observed.ts';

export interface OwnedWatchOptions extends Omit<WatchOptions<Observed>, 'projection' | 'onChange' | 'onRead'> {
  readonly applier: Applier;
  readonly ownerLabel: string;
}

/** A watch over one kind that is applied; what it sees, and what it no longer sees, reaches the applier. */
export function createOwnedWatch(
  client: Client,
  { applier, ownerLabel, ...options }: OwnedWatchOptions,
): Watch<Observed> {
  const watch = createWatch<Observed>(client, {
    ...options,
    projection: observedProjection(ownerLabel),
    onChange: (change) => applier.see(options.kind, change),
    onRead: (version) => applier.reread(options.kind, (key) => watch.store.has(key), version),
  });
  return watch;
}
