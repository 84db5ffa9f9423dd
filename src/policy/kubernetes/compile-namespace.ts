import type { NamespaceView } from '../../graph/index.ts';
import { type Compiled, NOTHING } from '../draft.ts';
import { complementOf, MAX_EXCLUSIONS } from './complement.ts';
import { defaultDenyNotExpressible, shadowFindings } from './namespace-finding.ts';
import { ownerOf, shortHash } from '../name.ts';
import { draftPolicy } from './draft-policy.ts';
import { dnsRules, probeRules } from './exemption.ts';
import type { Context } from './ledger.ts';
import type { LabelSelector } from './spec.ts';

/** Default deny for every pod of a managed namespace that belongs to no shadow service, with the exemptions. */
export function compileNamespace(view: NamespaceView, context: Context): Compiled {
  if (!view.managed) return NOTHING;
  const ways = complementOf(
    view.shadows.flatMap((shadow) => shadow.selectors),
    MAX_EXCLUSIONS,
  );
  if (!ways) return { drafts: [], findings: [defaultDenyNotExpressible(view)] };
  const owner = ownerOf({ kind: 'namespace', namespace: view.namespace });
  const rules = { ingress: probeRules(context, view.mesh), egress: dnsRules(context) };
  const selectors: readonly LabelSelector[] =
    ways.length === 0
      ? [{}]
      : ways.map((way) => ({
          matchExpressions: [...way]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, values]) => ({ key, operator: 'NotIn', values: [...values].sort() })),
        }));
  return {
    drafts: selectors.map((selector) => {
      const suffix = selectors.length === 1 ? '' : `d${shortHash(JSON.stringify(selector)).slice(0, 7)}`;
      return draftPolicy({ owner, namespace: view.namespace, part: 'deny', suffix }, selector, rules);
    }),
    findings: shadowFindings(view),
  };
}
