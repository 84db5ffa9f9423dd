import { openOwnerBook, type OwnerOfService } from '../name.ts';
import type { CompileOptions } from '../options.ts';
import { type Baseline, openBaseline } from './baseline.ts';
import { type PortBook, openPortBook } from '../kubernetes/port-set.ts';
import { lostResolvers } from './dns.ts';
import { openPortWriter, type WritePorts } from './rules.ts';
import { openPeerBook, type PeerBook } from './select-peer.ts';

/** What all units of one compilation share, so that 300,000 edges hold 50,000 selectors and not 600,000. */
export interface Context {
  readonly options: CompileOptions;
  readonly ownerOfService: OwnerOfService;
  readonly peers: PeerBook;
  readonly ports: PortBook;
  readonly writePorts: WritePorts;
  readonly baseline: Baseline;
  /** Why DNS to some resolvers stays closed for every pod. */
  readonly lostResolvers: readonly string[];
}

export function openContext(options: CompileOptions, ownerOfService = openOwnerBook()): Context {
  const peers = openPeerBook(options.clusterName);
  const ports = openPortBook();
  const baseline = openBaseline(options.exemptions, peers, ports);
  const lost = lostResolvers(options.exemptions);
  return { options, ownerOfService, peers, ports, writePorts: openPortWriter(), baseline, lostResolvers: lost };
}
