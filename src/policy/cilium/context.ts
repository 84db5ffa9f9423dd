import type { CompileOptions } from '../options.ts';
import { type Baseline, openBaseline } from './baseline.ts';
import { type PortBook, openPortBook } from '../kubernetes/port-set.ts';
import { openPortWriter, type WritePorts } from './rules.ts';
import { openPeerBook, type PeerBook } from './select-peer.ts';

/** What all units of one compilation share, so that 300,000 edges hold 50,000 selectors and not 600,000. */
export interface Context {
  readonly options: CompileOptions;
  readonly peers: PeerBook;
  readonly ports: PortBook;
  readonly writePorts: WritePorts;
  readonly baseline: Baseline;
}

export function openContext(options: CompileOptions): Context {
  const peers = openPeerBook(options.clusterName);
  const ports = openPortBook();
  const baseline = openBaseline(options.exemptions, peers, ports);
  return { options, peers, ports, writePorts: openPortWriter(), baseline };
}
