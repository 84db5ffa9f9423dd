import type { Inexpressible, LiqoShape, Printed } from '../../peering/index.ts';

export type EnforcerFlag = 'auto' | 'nft' | 'liqo';

/** What can enforce in this cluster now. */
export interface Means {
  /** The fabric kinds are served. */
  readonly fabric: boolean;
  /** Some node agent has reported lately. */
  readonly agents: boolean;
  /** What the FirewallConfiguration CRD keeps; undefined when Liqo has none that can be used. */
  readonly shape: LiqoShape | undefined;
}

/** A program that Liqo's object says exactly. */
export type Expressed = Extract<Printed, { kind: 'printed' }>;

export type Choice =
  | { readonly enforcer: 'nft' }
  | { readonly enforcer: 'liqo'; readonly printed: Expressed }
  | { readonly enforcer: 'none'; readonly reason: 'AgentMissing' | 'Unsupported'; readonly message: string };

/**
 * Who enforces a peering. `auto` prefers the node agent where it runs, then Liqo's own object where it means the same;
 * neither: the reason, and both ways out. `print` is asked only when its answer is needed.
 */
export function choose(flag: EnforcerFlag, means: Means, print: (shape: LiqoShape) => Printed): Choice {
  const agent = means.fabric && means.agents;
  if (flag === 'nft' || (flag === 'auto' && agent)) {
    if (means.fabric) return { enforcer: 'nft' };
    return none(
      'AgentMissing',
      'the kinds of fabric.lattice.dev are not installed: apply "lattice crds" and run the node agent',
    );
  }
  if (means.shape === undefined)
    return none('Unsupported', `Liqo's FirewallConfiguration is not installed or too old (1.1 at least); ${AGENT}`);
  const printed = print(means.shape);
  if (printed.kind === 'printed') return { enforcer: 'liqo', printed };
  return none('Unsupported', `${because(printed)}; ${AGENT}, or install a Liqo that keeps named sets and ctstate`);
}

const AGENT = 'run the node agent (lattice fabric-agent; in the chart: fabricAgent.enabled=true)';

function because({ rule, reason }: Inexpressible): string {
  return `${rule === undefined ? 'the peering' : `rule ${rule}`} cannot be said to this Liqo: ${reason}`;
}

function none(reason: 'AgentMissing' | 'Unsupported', message: string): Choice {
  return { enforcer: 'none', reason, message };
}
