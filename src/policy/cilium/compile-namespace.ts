import type { Finding } from '../../api/index.ts';
import type { NamespaceView, Waypoint } from '../../graph/index.ts';
import { type Compiled, NOTHING } from '../draft.ts';
import { complementOf, type Exclusion } from '../kubernetes/complement.ts';
import { covers } from '../kubernetes/label-match.ts';
import { ownerOf, shortHash } from '../name.ts';
import type { Context } from './context.ts';
import { askableNames, canMatchNames } from './dns.ts';
import { draftPolicy } from './draft-policy.ts';
import { aboutNamespace, SELECT_BY_OTHERS } from './finding.ts';
import { unselectable } from './label.ts';
import { gatewayLabels } from './select-peer.ts';
import type { Selector } from './spec.ts';

/** More ways to be none of the shadow services than this are refused. */
const MAX_OBJECTS = 64;

/**
 * Default deny for every pod of a managed namespace that belongs to no shadow service, with the exemptions. The policy is
 * namespaced, so that health and ingress endpoints stay out of it (surprise 5). DNS is proxied for the cluster's names
 * alone, so that it widens no declared service's own names.
 */
export function compileNamespace(view: NamespaceView, context: Context): Compiled {
  if (!view.managed) return NOTHING;
  const shadows = view.shadows.flatMap((shadow) => shadow.selectors);
  const hidden = shadows.map(unselectable).find((reason) => reason !== undefined);
  const ways = hidden === undefined ? complementOf(shadows, MAX_OBJECTS) : undefined;
  if (!ways) return { drafts: [], findings: [open(view, hidden)] };
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
    findings: [...partial(view), ...cutOff(view, context)],
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

function open(view: NamespaceView, reason: string | undefined): Finding {
  const why =
    reason ??
    `leaving out its ${view.shadows.length} shadow services exactly would take more than ${MAX_OBJECTS} policies`;
  return aboutNamespace(
    view,
    'DefaultDenyNotExpressible',
    `the other pods of the managed namespace ${view.namespace} stay open: ${why}`,
    `${SELECT_BY_OTHERS}; one common label for all shadow services needs one policy`,
    'error',
  );
}

function partial(view: NamespaceView): readonly Finding[] {
  if (view.shadows.length === 0) return [];
  const names = view.shadows.map((shadow) => shadow.name).join(', ');
  return [
    aboutNamespace(
      view,
      'DefaultDenyPartial',
      `default deny of the managed namespace ${view.namespace} leaves out its shadow services: ${names}`,
      'set mode: enforce on them when their agreements are complete',
      'warning',
    ),
  ];
}

/** A waypoint is a pod of its namespace like any other: default deny there closes every agreement that passes it. */
function cutOff(view: NamespaceView, { options }: Context): readonly Finding[] {
  const waypoints = new Map<string, Waypoint>();
  for (const { waypoint } of [...view.enforced, ...view.shadows]) {
    if (waypoint && waypoint.namespace === view.namespace) waypoints.set(waypoint.name, waypoint);
  }
  const shadows = view.shadows.flatMap((shadow) => shadow.selectors);
  return [...waypoints.values()]
    .filter(
      ({ namespace, name }) => name !== options.egressWaypoint?.name || namespace !== options.egressWaypoint.namespace,
    )
    .filter((waypoint) => !shadows.some((labels) => covers(labels, gatewayLabels(waypoint))))
    .map(({ name }) =>
      aboutNamespace(
        view,
        'WaypointInDefaultDeny',
        `the waypoint ${view.namespace}/${name} is a pod of a managed namespace: agreements that pass it stay closed`,
        `declare it: a LatticeService with mode: shadow and selector.matchLabels {gateway.networking.k8s.io/gateway-name: ${name}}`,
        'warning',
      ),
    );
}
