import type { ServiceView, Workload } from '../../graph/index.ts';
import type { Compiled, Draft } from '../draft.ts';
import { NOTHING } from '../draft.ts';
import { type Bucket, bucketsOf } from '../kubernetes/bucket.ts';
import { type LabelMatch, matchesOf } from '../kubernetes/label-match.ts';
import { type Owner, ownerOf } from '../name.ts';
import type { Context } from './context.ts';
import { agreedNames, askableNames, isProxyable } from './dns.ts';
import { aboutService, SELECT_BY_OTHERS } from './finding.ts';
import { type Group, groupsOf, noGrants } from './grants.ts';
import { unselectable, unselectableAccount } from './label.ts';
import { grantBuiltins, grantLinks, type Ledger } from './links.ts';
import { mapPressure } from './map-pressure.ts';
import { grantEgress, grantSources } from './outside.ts';
import { policy } from './policy.ts';
import { egressRules, ingressRules } from './rules.ts';
import { ownSelector } from './select-peer.ts';
import type { PolicySpec } from './spec.ts';
import { suffixes } from './suffix.ts';

/** What an enforced service opens, by direction. */
interface Opened {
  readonly ingress: readonly Group[];
  readonly egress: readonly Group[];
}

/**
 * Two kinds of objects. `-deny` isolates the service's pods by labels alone, whatever account they run under, and carries
 * the exemptions. The other carries the agreed flows, for pods that have the service's account too, and isolates nothing
 * (C25): so it can be written first and removed last without cutting off DNS. A shadow service compiles to nothing.
 */
export function compileService(view: ServiceView, context: Context): Compiled {
  const { self } = view;
  if (self.mode === 'shadow' || self.barred !== undefined) return NOTHING;
  const hidden = self.selectors.map(unselectable).find((reason) => reason !== undefined);
  if (hidden !== undefined) return { drafts: [], findings: [unisolated(self, hidden)] };
  const ledger: Ledger = { self, peers: context.peers, ingress: noGrants(), egress: noGrants(), findings: [] };
  const names = gather(view, context, ledger);
  const opened = { ingress: groupsOf(ledger.ingress), egress: groupsOf(ledger.egress) };
  ledger.findings.push(...mapPressure(self, [...opened.ingress, ...opened.egress]));
  const owner = ownerOf({ kind: 'service', namespace: self.namespace, name: self.name });
  const pods = matchesOf(self.selectors);
  const isolated: PolicySpec['egress'] = names
    ? context.baseline.egress(askableNames(context.options.exemptions.network.clusterDomain, agreedNames(view.egress)))
    : context.baseline.egress();
  return {
    drafts: [
      ...denyDrafts(context, owner, self, pods, isolated),
      ...grantDrafts(context, owner, self, pods, opened, ledger),
    ],
    findings: ledger.findings,
  };
}

/** Fills the ledger; returns whether this pod's DNS has to be proxied. */
function gather(view: ServiceView, context: Context, ledger: Ledger): boolean {
  const { dns, network } = context.options.exemptions;
  const resolvable = dns.resolvers.length + dns.cidrs.length > 0 && dns.ports.length > 0;
  grantLinks(ledger, view);
  grantBuiltins(ledger, view.builtins);
  grantSources(ledger, view.ingress);
  return grantEgress(ledger, view.egress, context.options, resolvable && isProxyable(network.clusterDomain));
}

function denyDrafts(
  context: Context,
  owner: Owner,
  self: Workload,
  pods: readonly LabelMatch[],
  egress: PolicySpec['egress'],
): Draft[] {
  const { namespace } = self;
  const ingress = context.baseline.ingress(self.mesh);
  const tags = suffixes(pods);
  return pods.map((match, index) => {
    const suffix = ['deny', tags[index] ?? ''].filter((part) => part !== '').join('-');
    const spec = { endpointSelector: ownSelector(match, []), ingress, ...(egress ? { egress } : {}) };
    return policy(context, owner, { namespace, part: 'deny', suffix }, spec);
  });
}

function grantDrafts(
  context: Context,
  owner: Owner,
  self: Workload,
  pods: readonly LabelMatch[],
  opened: Opened,
  ledger: Ledger,
): Draft[] {
  const unnamed = unselectableAccount(self.accounts);
  if (unnamed !== undefined) {
    ledger.findings.push(
      aboutService(
        self,
        'PodsNotSelectable',
        `all agreements of ${self.key} stay closed: ${unnamed}`,
        SELECT_BY_OTHERS,
      ),
    );
    return [];
  }
  const members = [...opened.ingress, ...opened.egress].flatMap((group) => group.members);
  if (members.length === 0) return [];
  const tags = suffixes(pods);
  const specs = bucketsOf(members).map((bucket) => ({ bucket, rules: rulesIn(opened, bucket) }));
  return specs.flatMap(({ bucket, rules }) =>
    rules === undefined
      ? []
      : pods.map((match, index) => {
          const suffix = [tags[index] ?? '', bucket.suffix].filter((part) => part !== '').join('-');
          const where = { namespace: self.namespace, part: 'grant', suffix } as const;
          return policy(context, owner, where, { endpointSelector: ownSelector(match, self.accounts), ...rules });
        }),
  );
}

function rulesIn(opened: Opened, bucket: Bucket): Omit<PolicySpec, 'endpointSelector'> | undefined {
  const ingress = ingressRules(opened.ingress, bucket);
  const egress = egressRules(opened.egress, bucket);
  if (ingress.length + egress.length === 0) return undefined;
  return {
    enableDefaultDeny: NOT_ISOLATING,
    ...(ingress.length > 0 ? { ingress } : {}),
    ...(egress.length > 0 ? { egress } : {}),
  };
}

const NOT_ISOLATING = { ingress: false, egress: false } as const;

function unisolated(self: Workload, reason: string): Compiled['findings'][number] {
  return aboutService(
    self,
    'PodsNotSelectable',
    `${self.key} cannot be enforced, its pods stay as they are and its agreements closed at its peers: ${reason}`,
    SELECT_BY_OTHERS,
  );
}
