import type { ServiceView, Workload } from '../../graph/index.ts';
import { type Compiled, NOTHING } from '../draft.ts';
import { groupsOf, noGrants } from '../kubernetes/grants.ts';
import { matchesOf } from '../kubernetes/label-match.ts';
import type { PortBook } from '../kubernetes/port-set.ts';
import type { Context } from './context.ts';
import { agreedNames, askableNames, canMatchNames } from './dns.ts';
import { aboutService, SELECT_BY_OTHERS } from './finding.ts';
import { unselectable, unselectableAccount } from './label.ts';
import { grantBuiltins, grantLinks, type Ledger } from './links.ts';
import { mapPressure } from './map-pressure.ts';
import { grantEgress, grantSources } from './outside.ts';
import { denyPolicies, grantPolicies, type Opened, type Subject } from './pod-policies.ts';

/**
 * A service's own doors: `-deny` isolates its pods and carries the exemptions, the other object what is agreed.
 * A shadow service compiles to nothing. What cannot be said is a finding, and its edge stays closed.
 */
export function compileService(view: ServiceView, context: Context): Compiled {
  const { self } = view;
  if (self.mode === 'shadow' || self.barred !== undefined) return NOTHING;
  const hidden = self.selectors.map(unselectable).find((reason) => reason !== undefined);
  if (hidden !== undefined) return { drafts: [], findings: [unisolated(self, hidden)] };
  const { exemptions } = context.options;
  const { peers, ports } = context;
  const ledger: Ledger = { self, peers, ports, ingress: noGrants(), egress: noGrants(), findings: [] };
  grantLinks(ledger, view);
  grantBuiltins(ledger, view.builtins);
  grantSources(ledger, view.ingress);
  const matchesNames = grantEgress(ledger, view.egress, context.options, canMatchNames(exemptions));
  const names = matchesNames ? askableNames(exemptions.network.clusterDomain, agreedNames(view.egress)) : undefined;
  for (const reason of context.lostResolvers) ledger.findings.push(unresolved(self, reason));
  const subject = subjectOf(self, context);
  const isolation = { ingress: context.baseline.ingress(self.mesh), egress: context.baseline.egress(names) };
  const opened = openedBy(ledger, ports);
  const grants = isNameable(ledger) ? grantPolicies(context, subject, opened) : [];
  return { drafts: [...denyPolicies(subject, isolation), ...grants], findings: ledger.findings };
}

function subjectOf(self: Workload, { ownerOfService }: Context): Subject {
  const { namespace, selectors, accounts } = self;
  return { owner: ownerOfService(self), namespace, pods: matchesOf(selectors), accounts };
}

function openedBy({ self, ingress, egress, findings }: Ledger, ports: PortBook): Opened {
  const opened = { ingress: groupsOf(ingress, ports), egress: groupsOf(egress, ports) };
  const pressure = mapPressure([...opened.ingress, ...opened.egress]);
  if (pressure) {
    findings.push(aboutService(self, 'PolicyMapPressure', `${self.key} ${pressure.message}`, pressure.fix, 'warning'));
  }
  return opened;
}

/** Whether grants can be held to the service's accounts: without that they would go to any pod with its labels. */
function isNameable({ self, findings }: Ledger): boolean {
  const reason = unselectableAccount(self.accounts);
  if (reason === undefined) return true;
  findings.push(
    aboutService(self, 'PodsNotSelectable', `all agreements of ${self.key} stay closed: ${reason}`, SELECT_BY_OTHERS),
  );
  return false;
}

function unresolved(self: Workload, reason: string): Compiled['findings'][number] {
  return aboutService(
    self,
    'ResolverNotSelectable',
    `${self.key} cannot ask a configured resolver: ${reason}`,
    'select the resolver by other labels in dns.resolvers of the LatticeConfig',
  );
}

function unisolated(self: Workload, reason: string): Compiled['findings'][number] {
  return aboutService(
    self,
    'PodsNotSelectable',
    `${self.key} cannot be enforced, its pods stay as they are and its agreements closed at its peers: ${reason}`,
    SELECT_BY_OTHERS,
  );
}
