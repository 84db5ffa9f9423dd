import type { NamespaceView } from '../../graph/index.ts';
import { type Compiled, NOTHING } from '../draft.ts';
import { complementOf, type Exclusion, MAX_EXCLUSIONS } from '../kubernetes/complement.ts';
import { defaultDenyNotExpressible, shadowFindings } from '../kubernetes/namespace-finding.ts';
import { ownerOf, shortHash } from '../name.ts';
import type { Context } from './context.ts';
import { askableNames, canMatchNames } from './dns.ts';
import { draftPolicy } from './draft-policy.ts';
import { unselectable } from './label.ts';
import type { Selector } from './spec.ts';

/**
 * Default deny for every pod of a managed namespace that belongs to no shadow service, with the exemptions. The policy is
 * namespaced, so that health and ingress endpoints stay out of it (surprise 5). DNS is proxied for the cluster's names
 * alone, so that it widens no declared service's own names.
 */
export function compileNamespace(view: NamespaceView, context: Context): Compiled {
  if (!view.managed) return NOTHING;
  const shadows = view.shadows.flatMap((shadow) => shadow.selectors);
  const hidden = shadows.map(unselectable).find((reason) => reason !== undefined);
  const ways = hidden === undefined ? complementOf(shadows, MAX_EXCLUSIONS) : undefined;
  if (!ways) return { drafts: [], findings: [defaultDenyNotExpressible(view, hidden)] };
  const owner = ownerOf({ kind: 'namespace', namespace: view.namespace });
  const { exemptions } = context.options;
  const names = canMatchNames(exemptions) ? askableNames(exemptions.network.clusterDomain, []) : undefined;
  const ingress = context.baseline.ingress(view.mesh);
  const egress = context.baseline.egress(names);
  const selectors = ways.length === 0 ? [{}] : ways.map(excluding);
  return {
    drafts: selectors.map((endpointSelector) => {
      const suffix = suffixOf(selectors, endpointSelector);
      const identity = { owner, namespace: view.namespace, part: 'deny', suffix } as const;
      return draftPolicy(identity, { endpointSelector, ingress, egress });
    }),
    findings: shadowFindings(view),
  };
}

function excluding(way: Exclusion): Selector {
  const matchExpressions = [...way]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, values]) => ({ key: `k8s:${key}`, operator: 'NotIn' as const, values: [...values].sort() }));
  return { matchExpressions };
}

function suffixOf(selectors: readonly Selector[], selector: Selector): string {
  return selectors.length === 1 ? 'deny' : `d${shortHash(JSON.stringify(selector)).slice(0, 7)}`;
}
