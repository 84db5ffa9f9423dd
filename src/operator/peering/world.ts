import type { LiqoShape, Plan, Topology } from '../../peering/index.ts';
import type { ControllerContext } from '../context.ts';
import type { EnforcerFlag } from './choose.ts';
import type { NodeFact, NodeReport } from './coverage.ts';
import type { Declared } from './declared.ts';
import type { LiqoEnforcer } from './enforce-liqo.ts';
import type { FabricCaches } from './enforce-nft.ts';
import type { Recorder } from './events.ts';
import type { StoredFirewall } from './read-firewall.ts';
import type { Cache } from './stored.ts';
import type { PeeringStatusWriter } from './write-status.ts';

/** What is known of the cluster, and who hears what was done in it. */
export interface World {
  readonly context: ControllerContext;
  readonly flag: EnforcerFlag;
  readonly topology: Topology;
  readonly peerings: Cache<Declared>;
  readonly firewalls: Cache<StoredFirewall>;
  readonly fabric: FabricCaches;
  readonly nodes: () => Iterable<NodeFact>;
  readonly reportOf: (node: string) => NodeReport | undefined;
  readonly agents: () => boolean;
  readonly shape: () => LiqoShape | undefined;
  readonly record: Recorder;
  /** How often in a row a peering has failed before. */
  readonly failures: (key: string) => number;
  /** Hears what a peering now depends on. */
  readonly onPlan: (key: string, plan: Plan | undefined) => void;
  /** Hears of writes of what is enforced. */
  readonly onWrites: (key: string, enforcer: 'nft' | 'liqo', count: number) => void;
}

/** The means to change it. */
export interface Tools extends World {
  readonly liqo: LiqoEnforcer;
  readonly status: PeeringStatusWriter;
}

/** The soonest of some appointments, in milliseconds; undefined when there is none. */
export function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.max(0, Math.min(...known)) : undefined;
}
