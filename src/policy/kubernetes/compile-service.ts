import type { ServiceView } from '../../graph/index.ts';
import { type Compiled, type Draft, NOTHING } from '../draft.ts';
import { ownerOf } from '../name.ts';
import { type Bucket, bucketsOf } from './bucket.ts';
import { draftPolicy } from './draft-policy.ts';
import { dnsRules, probeRules } from './exemption.ts';
import { type Group, groupsOf, noGrants } from './grants.ts';
import { matchesOf } from './label-match.ts';
import { type Context, grantLink, type Ledger } from './ledger.ts';
import { grantBuiltins, grantEgress, grantSources } from './outside.ts';
import { type Peer, podSelector } from './select-peer.ts';
import type { EgressRule, IngressRule, PolicyPeer } from './spec.ts';
import { suffixes } from './suffix.ts';

/**
 * One NetworkPolicy isolates the service's pods and carries the exemptions and all that is agreed, so that writing it
 * cuts off nothing. Only a service with very many peers has the grants apart, in buckets that isolate like any policy.
 */
export function compileService(view: ServiceView, context: Context): Compiled {
  const { self } = view;
  if (self.mode === 'shadow' || self.barred !== undefined) return NOTHING;
  const ledger: Ledger = { self, context, ingress: noGrants(), egress: noGrants(), findings: [] };
  for (const link of view.inbound) grantLink(ledger, ledger.ingress, link, link.peer, self);
  for (const link of view.outbound) grantLink(ledger, ledger.egress, link, self, link.peer);
  grantBuiltins(ledger, view.builtins);
  grantSources(ledger, view.ingress);
  grantEgress(ledger, view.egress);
  return { drafts: draftsOf(ledger), findings: ledger.findings };
}

interface Rules {
  readonly ingress: readonly IngressRule[];
  readonly egress: readonly EgressRule[];
}

function draftsOf({ self, context, ...grants }: Ledger): readonly Draft[] {
  const ingress = groupsOf(grants.ingress, context.ports);
  const egress = groupsOf(grants.egress, context.ports);
  const exempt: Rules = { ingress: probeRules(context, self.mesh), egress: dnsRules(context) };
  const buckets = bucketsOf([...ingress, ...egress]);
  const split = buckets.filter((bucket) => !bucket.whole);
  const main: Rules = split.length > 0 ? exempt : union(exempt, rulesIn(ingress, egress, buckets[0]));
  const rest = split.map((bucket) => ({ suffix: bucket.suffix, rules: rulesIn(ingress, egress, bucket) }));
  const pods = matchesOf(self.selectors);
  const tags = suffixes(pods);
  const { namespace, name } = self;
  const owner = ownerOf({ kind: 'service', namespace, name });
  return pods.flatMap((match, index) => {
    const tag = tags[index] ?? '';
    const selector = podSelector(match);
    return [
      draftPolicy({ owner, namespace, part: 'deny', suffix: tag }, selector, main),
      ...rest
        .filter(({ rules }) => rules.ingress.length + rules.egress.length > 0)
        .map(({ suffix, rules }) =>
          draftPolicy(
            { owner, namespace, part: 'grant', suffix: tag === '' ? suffix : `${tag}-${suffix}` },
            selector,
            rules,
          ),
        ),
    ];
  });
}

function rulesIn(ingress: readonly Group<Peer>[], egress: readonly Group<Peer>[], bucket: Bucket | undefined): Rules {
  return {
    ingress: ingress.flatMap((group) => {
      const from = peersIn(group, bucket);
      return from.length > 0 ? [{ from, ports: group.ports.ports }] : [];
    }),
    egress: egress.flatMap((group) => {
      const to = peersIn(group, bucket);
      return to.length > 0 ? [{ to, ports: group.ports.ports }] : [];
    }),
  };
}

function peersIn(group: Group<Peer>, bucket: Bucket | undefined): readonly PolicyPeer[] {
  const members = bucket ? group.members.filter(bucket.has) : [];
  return members.flatMap((member) => member.peers);
}

function union(a: Rules, b: Rules): Rules {
  return { ingress: [...a.ingress, ...b.ingress], egress: [...a.egress, ...b.egress] };
}
