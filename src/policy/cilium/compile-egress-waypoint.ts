import type { Finding } from '../../api/index.ts';
import type { EgressWaypointView, HostView } from '../../graph/index.ts';
import type { Compiled } from '../draft.ts';
import { grant, groupsOf, noGrants, unite } from '../kubernetes/grants.ts';
import { gatewayLabels } from '../kubernetes/select-peer.ts';
import { ownerOf } from '../name.ts';
import { builtinMembers } from './builtin.ts';
import type { Context } from './context.ts';
import { askableNames, canMatchNames, nameSelector } from './dns.ts';
import { aboutGateway, SELECT_BY_OTHERS } from './finding.ts';
import { type Grants, type Member, namePeer } from './grants.ts';
import { mapPressure } from './map-pressure.ts';
import { denyPolicies, grantPolicies, type Subject } from './pod-policies.ts';
import type { NameSelector } from './spec.ts';

/**
 * The egress waypoint's own doors (X7): the tunnel from exactly the callers, each host on its own ports, DNS for those
 * hosts, the mesh's control plane, which it cannot live without (X8), and the probes of its node.
 */
export function compileEgressWaypoint(view: EgressWaypointView, context: Context): Compiled {
  const { waypoint, hosts } = view;
  const pods = context.peers.waypoint(waypoint);
  if (pods.kind === 'unselectable') {
    const message = `the egress waypoint ${waypoint.namespace}/${waypoint.name} cannot be enforced: ${pods.reason}`;
    const fix = 'give the Gateway a name of at most 63 characters';
    return { drafts: [], findings: [aboutGateway(waypoint, 'PodsNotSelectable', message, fix)] };
  }
  const findings: Finding[] = [];
  const ingress = grantCallers(view, context, findings);
  const egress = grantHosts(view, context, findings);
  grantControlPlane(egress, view, context, findings);
  const opened = { ingress: groupsOf(ingress, context.ports), egress: groupsOf(egress, context.ports) };
  const pressure = mapPressure([...opened.ingress, ...opened.egress]);
  if (pressure) {
    const message = `the egress waypoint ${pressure.message}`;
    findings.push(aboutGateway(waypoint, 'PolicyMapPressure', message, pressure.fix, 'warning'));
  }
  const subject: Subject = {
    owner: ownerOf({ kind: 'egress-waypoint' }),
    namespace: waypoint.namespace,
    pods: [{ labels: gatewayLabels(waypoint) }],
    accounts: [waypoint.account],
  };
  const names = askableNames(context.options.exemptions.network.clusterDomain, hosts.map(selectorOf));
  const isolation = {
    // A waypoint is outside the redirection of its own mesh: kubelet reaches it from the node.
    ingress: context.baseline.ingress('none'),
    egress: context.baseline.egress(canMatchNames(context.options.exemptions) ? names : undefined),
  };
  const drafts = [...denyPolicies(subject, isolation), ...grantPolicies(context, subject, opened)];
  return { drafts, findings };
}

function grantCallers(
  { waypoint, callers }: EgressWaypointView,
  { peers, ports }: Context,
  findings: Finding[],
): Grants {
  const grants = noGrants<Member>();
  for (const caller of callers) {
    const selected = peers.workload(caller);
    if (selected.kind === 'endpoints') grant(grants, selected, ports.tunnel);
    else {
      const message = `${caller.key} cannot open the egress waypoint: ${selected.reason}`;
      findings.push(aboutGateway(waypoint, 'PodsNotSelectable', message, SELECT_BY_OTHERS));
    }
  }
  return grants;
}

function grantHosts({ waypoint, hosts }: EgressWaypointView, { options }: Context, findings: Finding[]): Grants {
  const grants = noGrants<Member>();
  if (canMatchNames(options.exemptions)) {
    for (const host of hosts) {
      unite(
        grants,
        namePeer(selectorOf(host)),
        host.ports.map(({ port }) => ({ port, protocol: 'TCP' })),
      );
    }
  } else {
    const message =
      'the hosts behind the egress waypoint stay closed: the configuration names no resolver or an impossible cluster domain';
    const fix = 'set dns.resolvers, dns.ports and network.clusterDomain in the LatticeConfig';
    findings.push(aboutGateway(waypoint, 'DnsNotProxyable', message, fix));
  }
  return grants;
}

function grantControlPlane(
  egress: Grants,
  { waypoint }: EgressWaypointView,
  { options, peers }: Context,
  findings: Finding[],
): void {
  const mesh = options.exemptions.peers.get('mesh');
  const ports = mesh?.outbound ?? [];
  const members = mesh ? builtinMembers(mesh.peer, peers).members : [];
  for (const member of members) unite(egress, member, ports);
  if (members.length > 0 && ports.length > 0) return;
  const message =
    'the egress waypoint cannot reach the control plane of the mesh, so it carries nothing: the configuration has no built-in peer "mesh" that can be selected';
  const fix = 'set peers.mesh in the LatticeConfig: the selector of istiod and ports [15012]';
  findings.push(aboutGateway(waypoint, 'MeshControlPlaneUnknown', message, fix));
}

function selectorOf({ host }: HostView): NameSelector {
  return nameSelector(
    host.startsWith('*.') ? { kind: 'wildcard', suffix: host.slice(2) } : { kind: 'name', name: host },
  );
}
