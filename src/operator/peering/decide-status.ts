import type { Plan, Refused } from '../../peering/index.ts';
import type { Phase, Verdict } from '../status/index.ts';
import type { Coverage } from './coverage.ts';

/** What came of one look at a peering. */
export type Outcome =
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'refused'; readonly why: Refused }
  /** A write was refused. */
  | { readonly kind: 'failed'; readonly message: string; readonly kept: Kept }
  /** It is deleted, and what enforces it cannot be taken away. */
  | { readonly kind: 'held'; readonly message: string }
  | { readonly kind: 'unenforced'; readonly reason: string; readonly message: string; readonly kept: Kept }
  | { readonly kind: 'nft'; readonly coverage: Coverage }
  | {
      readonly kind: 'liqo';
      /** Path of the first field that was not kept. */
      readonly lost: string | undefined;
      readonly settled: boolean;
      readonly hosts: readonly HostCondition[];
      /** That can hold pods. */
      readonly nodes: number;
    };

/** What is left of what enforced a peering before; `cut`: the API server leaves out of it what it does not know any more. */
export type Kept = 'nothing' | 'whole' | 'cut';

const KEPT: Readonly<Record<Kept, string>> = {
  nothing: '',
  whole: 'what was enforced before stays',
  cut: 'what was written before is cut by this API server, and may let everything pass',
};

/** What one node of Liqo says, under the name of what runs there: no node's. */
interface HostCondition {
  readonly host: string;
  readonly type: string;
  readonly status: string;
}

/** Whether as many nodes as can hold pods have applied all of it. */
export function isApplied({ settled, hosts, nodes }: Extract<Outcome, { kind: 'liqo' }>): boolean {
  return settled && appliedOn(hosts) >= Math.max(1, nodes);
}

function appliedOn(hosts: readonly HostCondition[]): number {
  return new Set(hosts.filter(({ type, status }) => type === 'Applied' && status === 'True').map(({ host }) => host))
    .size;
}

/** Phase and conditions of an outcome. `plan` tells of ranges that nobody knows. */
export function verdictsOf(
  outcome: Outcome,
  plan: Plan | undefined,
): { readonly phase: Phase; readonly verdicts: readonly Verdict[] } {
  const ready = readyOf(outcome);
  const missing = plan?.missing ?? [];
  const resolved: Verdict[] = plan
    ? [
        missing.length === 0
          ? { type: 'Resolved', status: 'True', reason: 'Resolved', message: 'every group is known' }
          : {
              type: 'Resolved',
              status: 'False',
              reason: 'NetworkMissing',
              message: missing.map(({ group, kept }) => missingText(group, kept)).join('; '),
            },
      ]
    : [];
  const bypassed = outcome.kind === 'nft' ? outcome.coverage.bypassed : [];
  const unseen: Verdict[] =
    outcome.kind === 'nft'
      ? [
          bypassed.length === 0
            ? {
                type: 'PathsEnforced',
                status: 'True',
                reason: 'AllPaths',
                message: passText(outcome.coverage),
              }
            : {
                type: 'PathsEnforced',
                status: 'False',
                reason: 'Unenforced',
                message: bypassText(outcome.coverage),
              },
        ]
      : [];
  const verdicts = [ready, ...resolved, ...unseen];
  return { phase: phaseOf(outcome, ready, verdicts), verdicts };
}

function phaseOf(outcome: Outcome, ready: Verdict, verdicts: readonly Verdict[]): Phase {
  if (verdicts.every(({ status }) => status === 'True')) return 'Ready';
  if (outcome.kind === 'nft' || outcome.kind === 'liqo') return ready.status === 'True' ? 'Degraded' : 'Pending';
  return 'Failed';
}

function readyOf(outcome: Outcome): Verdict {
  const said = (status: Verdict['status'], reason: string, message: string): Verdict => ({
    type: 'Ready',
    status,
    reason,
    message,
  });
  switch (outcome.kind) {
    case 'invalid':
      return said('False', 'Invalid', outcome.message);
    case 'refused':
      return said('False', outcome.why.code, `${outcome.why.message}: ${outcome.why.fix}`);
    case 'failed':
      return said(
        'False',
        'FabricSyncFailed',
        `what enforces it cannot be written${outcome.kept === 'nothing' ? '' : `, and ${KEPT[outcome.kept]}`}: ${outcome.message}`,
      );
    case 'held':
      return said(
        'False',
        'DeletionFailed',
        `what enforces it cannot be taken away, and is left to itself a minute after the deletion: ${outcome.message}`,
      );
    case 'unenforced':
      return said(
        'False',
        outcome.reason,
        outcome.kept === 'nothing' ? outcome.message : `${outcome.message}; ${KEPT[outcome.kept]}`,
      );
    case 'nft':
      return nftReady(outcome.coverage);
    case 'liqo': {
      const { lost, settled, hosts, nodes } = outcome;
      if (lost !== undefined)
        return said(
          'False',
          'FabricSyncFailed',
          `the API server did not keep ${lost} of the FirewallConfiguration: it would mean something else`,
        );
      const broken = hosts.filter(({ type, status }) => type === 'Error' && status === 'True').map(({ host }) => host);
      if (broken.length > 0) return said('False', 'NodeError', `Liqo reports an error on ${broken.sort().join(', ')}`);
      if (!settled)
        return said(
          'False',
          'Swapping',
          'the old and the new rules are both in force until nodes have applied the new ones',
        );
      const applied = appliedOn(hosts);
      if (applied === 0)
        return said(
          'Unknown',
          'NotApplied',
          'FirewallConfiguration successfully synced; no node of Liqo says yet that it applied it',
        );
      const count = `${applied} of ${Math.max(applied, nodes)} nodes`;
      if (!isApplied(outcome))
        return said(
          'False',
          'NodesPending',
          `FirewallConfiguration successfully synced; Liqo says applied on ${count} that can hold pods`,
        );
      return said('True', 'FabricSynced', `FirewallConfiguration successfully synced; Liqo says applied on ${count}`);
    }
  }
}

function passText({ seen, nodes }: Coverage): string {
  const text = 'packets take no way around the rules';
  return seen === 0 ? text : `${text}: seen by canary on ${seen} of ${nodes} nodes`;
}

/** Names the rules first: they are what is not true of the peering. */
function bypassText({ unenforced, bypassed }: Coverage): string {
  return `unenforced: ${unenforced.join('; ')}. ${bypassed.join('; ')}`;
}

function nftReady(coverage: Coverage): Verdict {
  const { nodes, loaded, missing, bypassed } = coverage;
  const type = 'Ready';
  if (nodes === 0) return { type, status: 'Unknown', reason: 'NoNodes', message: 'no node can hold pods' };
  if (missing.length > 0) {
    const some = missing.slice(0, 5).join('; ');
    const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
    const reason = missing.every((text) => text.endsWith('no agent reports')) ? 'AgentMissing' : 'NodesPending';
    return { type, status: 'False', reason, message: `enforced on ${loaded} of ${nodes} nodes: ${some}${more}` };
  }
  if (bypassed.length > 0)
    return {
      type,
      status: 'False',
      reason: 'Unenforced',
      message: `loaded on every node, but packets go around it; ${bypassText({ ...coverage, bypassed: bypassed.slice(0, 5) })}`,
    };
  return { type, status: 'True', reason: 'FabricSynced', message: `enforced on ${nodes} of ${nodes} nodes` };
}

function missingText(group: string, kept: readonly string[]): string {
  return kept.length > 0
    ? `Liqo does not tell the CIDRs of ${group} any more: denies go on with ${kept.join(', ')}, allows match nothing`
    : `Liqo does not tell the CIDRs of ${group} yet: rules over it match nothing`;
}
