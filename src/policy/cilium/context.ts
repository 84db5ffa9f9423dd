import type { CompileOptions } from '../options.ts';
import { type Baseline, openBaseline } from './baseline.ts';
import { openPeerBook, type PeerBook } from './select-peer.ts';
import type { Selector } from './spec.ts';

/** What all units of one compilation share, so that 300,000 edges hold 50,000 selectors and not 600,000. */
export interface Context {
  readonly options: CompileOptions;
  readonly peers: PeerBook;
  readonly baseline: Baseline;
  /** Selectors that the checks have seen already. */
  readonly checked: WeakSet<Selector>;
}

export function openContext(options: CompileOptions): Context {
  const peers = openPeerBook(options.clusterName);
  return { options, peers, baseline: openBaseline(options.exemptions, peers), checked: new WeakSet() };
}
