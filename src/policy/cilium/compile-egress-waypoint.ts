import type { Finding, Host } from '../../api/index.ts';
import type { EgressWaypointView, HostView } from '../../graph/index.ts';
import type { Compiled, Draft } from '../draft.ts';
import { bucketsOf } from '../kubernetes/bucket.ts';
import { TUNNEL } from '../kubernetes/path.ts';
import { portSet } from '../kubernetes/port-set.ts';
import { ownerOf } from '../name.ts';
import { builtinMembers } from './builtin.ts';
import type { Context } from './context.ts';
import { askableNames, isProxyable, nameSelector } from './dns.ts';
import { aboutGateway, SELECT_BY_OTHERS } from './finding.ts';
import { type Grants, grant, groupsOf, namePeer, noGrants, unite } from './grants.ts';
import { policy } from './policy.ts';
import { egressRules, ingressRules } from './rules.ts';
import { gatewayLabels, ownSelector } from './select-peer.ts';
import type { NameSelector } from './spec.ts';

/**
 * The egress waypoint's own doors (X7): the tunnel from exactly the callers, each host on its own ports, DNS for those
 * hosts, the mesh's control plane, which it cannot live without (X8), and the probes of its node.
 */
export function compileEgressWaypoint(view: EgressWaypointView, context: Context): Compiled {
  const { waypoint } = view;
  const pods = context.peers.waypoint(waypoint);
  if (!pods.ok) {
    const message = `the egress waypoint ${waypoint.namespace}/${waypoint.name} cannot be enforced: ${pods.reason}`;
    return {
      drafts: [],
      findings: [aboutGateway(waypoint, 'PodsNotSelectable', message, 'give the Gateway a shorter name')],
    };
  }
  const findings: Finding[] = [];
  const names = proxiedNames(view, context, findings);
  const ingress = callers(view, context, findings);
  const egress = noGrants();
  for (const host of names ? view.hosts : []) grantHost(egress, host);
  grantControlPlane(egress, view, context, findings);
  const drafts = draftsOf(view, context, { names, ingress, egress });
  return { drafts, findings };
}

function draftsOf(
  { waypoint }: EgressWaypointView,
  context: Context,
  { names, ingress, egress }: { names: readonly NameSelector[] | undefined; ingress: Grants; egress: Grants },
): Draft[] {
  const owner = ownerOf({ kind: 'egress-waypoint' });
  const { namespace } = waypoint;
  const match = { labels: gatewayLabels(waypoint) };
  const opened = { ingress: groupsOf(ingress), egress: groupsOf(egress) };
  const members = [...opened.ingress, ...opened.egress].flatMap((group) => group.members);
  const deny = policy(
    context,
    owner,
    { namespace, part: 'deny', suffix: 'deny' },
    {
      endpointSelector: ownSelector(match, []),
      // A waypoint is outside the redirection of its own mesh: kubelet reaches it from the node.
      ingress: context.baseline.ingress('none'),
      egress: context.baseline.egress(names),
    },
  );
  const grants = bucketsOf(members).flatMap((bucket) => {
    const rules = { ingress: ingressRules(opened.ingress, bucket), egress: egressRules(opened.egress, bucket) };
    if (rules.ingress.length + rules.egress.length === 0) return [];
    return [
      policy(
        context,
        owner,
        { namespace, part: 'grant', suffix: bucket.suffix },
        {
          endpointSelector: ownSelector(match, [waypoint.account]),
          enableDefaultDeny: { ingress: false, egress: false },
          ...(rules.ingress.length > 0 ? { ingress: rules.ingress } : {}),
          ...(rules.egress.length > 0 ? { egress: rules.egress } : {}),
        },
      ),
    ];
  });
  return [deny, ...grants];
}

function proxiedNames({ waypoint, hosts }: EgressWaypointView, { options }: Context, findings: Finding[]) {
  const { dns, network } = options.exemptions;
  const resolvable = dns.resolvers.length + dns.cidrs.length > 0 && dns.ports.length > 0;
  if (resolvable && isProxyable(network.clusterDomain)) {
    return askableNames(
      network.clusterDomain,
      hosts.flatMap(({ host }) => nameSelector(hostOf(host)) ?? []),
    );
  }
  findings.push(
    aboutGateway(
      waypoint,
      'DnsNotProxyable',
      'the hosts behind the egress waypoint stay closed: the configuration names no resolver or an impossible cluster domain',
      'set dns.resolvers, dns.ports and network.clusterDomain in the LatticeConfig',
    ),
  );
  return undefined;
}

function callers(
  { waypoint, callers: workloads }: EgressWaypointView,
  { peers }: Context,
  findings: Finding[],
): Grants {
  const grants = noGrants();
  for (const caller of workloads) {
    const selected = peers.workload(caller);
    if (selected.ok) grant(grants, selected.peer, TUNNEL);
    else {
      const message = `${caller.key} cannot open the egress waypoint: ${selected.reason}`;
      findings.push(aboutGateway(waypoint, 'PodsNotSelectable', message, SELECT_BY_OTHERS));
    }
  }
  return grants;
}

function grantHost(egress: Grants, { host, ports }: HostView): void {
  const name = nameSelector(hostOf(host));
  const set = portSet(ports.map(({ port }) => ({ port, protocol: 'TCP' })));
  if (name && set) grant(egress, namePeer(name), set);
}

function grantControlPlane(
  egress: Grants,
  { waypoint }: EgressWaypointView,
  { options, peers }: Context,
  findings: Finding[],
): void {
  const mesh = options.exemptions.peers.get('mesh');
  const ports = mesh?.outbound ?? [];
  const { members } = mesh ? builtinMembers(mesh.peer, peers) : { members: [] };
  for (const member of members) unite(egress, member, ports);
  if (members.length > 0 && ports.length > 0) return;
  findings.push(
    aboutGateway(
      waypoint,
      'MeshControlPlaneUnknown',
      'the egress waypoint cannot reach the control plane of the mesh, so it carries nothing: the configuration has no built-in peer "mesh" that can be selected',
      'set peers.mesh in the LatticeConfig: the selector of istiod and ports [15012]',
    ),
  );
}

function hostOf(host: string): Host {
  return host.startsWith('*.') ? { kind: 'wildcard', suffix: host.slice(2) } : { kind: 'name', name: host };
}
