import type { Finding, ObjectName } from '../../api/index.ts';
import { byText, findingsOf, podsWith, type ServiceGraph, unguardedCallers } from '../../graph/index.ts';
import type { Claim } from '../prove/prove.ts';
import { foreignFindings } from './foreign.ts';

/**
 * Everything that is half, dangling, unused, too wide or defeated, from the declarations, from what the manifests say of
 * the pods, and from policies of other authors among `foreign`.
 */
export function lint(claim: Claim, foreign: readonly unknown[]): readonly Finding[] {
  const { graph } = claim;
  return [
    ...findingsOf(graph),
    ...[...graph.state.services.values()]
      .sort((a, b) => byText(a.key, b.key))
      .flatMap(({ key }) => [...workloadFindings(graph, key), ...unguardedFindings(graph, key)]),
    ...foreignFindings(claim, foreign),
  ];
}

function workloadFindings(graph: ServiceGraph, key: string): Finding[] {
  const service = graph.state.services.get(key);
  const workload = graph.state.workloads.get(key);
  if (!service || !workload) return [];
  const object: ObjectName = { kind: 'LatticeService', namespace: service.namespace, name: service.name };
  const pods = podsWith(graph.state, service.namespace, service.selector);
  const manifests = [...graph.state.pods.values()].some((pod) => pod.namespace === service.namespace);
  const findings: Finding[] = [];
  if (!service.deployed && manifests && pods.length === 0) {
    findings.push({
      code: 'SelectorMatchesNothing',
      severity: 'warning',
      message: `no pod among the manifests of namespace ${service.namespace} has the labels of its selector`,
      object,
      path: ['spec', 'selector', 'matchLabels'],
      fix: 'compare the labels with those of the pod template',
    });
  }
  findings.push(...portFindings(graph, key, pods, object), ...accountFindings(key, graph, pods, object));
  for (const half of service.inboundAny.filter((each) => each.namespace === '*')) {
    findings.push({
      code: 'WideWildcard',
      severity: 'info',
      message: 'accepts every caller of every namespace that names it',
      object,
      path: ['spec', 'resources'],
      fix:
        half.ports === 'all' ? 'narrow it with ports:, or name a namespace' : 'name a namespace where that is enough',
    });
  }
  return findings;
}

function portFindings(graph: ServiceGraph, key: string, pods: readonly PodPorts[], object: ObjectName): Finding[] {
  const ports = graph.state.workloads.get(key)?.ports ?? [];
  const opened = pods.flatMap((pod) => pod.ports);
  if (opened.length === 0) return [];
  return ports.flatMap((port): Finding[] => {
    const missing = port.targetPorts.filter(
      (target) => !opened.some((each) => each.port === target && each.protocol === port.protocol),
    );
    if (missing.length === 0) return [];
    return [
      {
        code: 'PortNotOpened',
        severity: 'warning',
        message: `no container opens port ${missing.join(', ')}/${port.protocol}, which "${port.name}" leads to`,
        object,
        path: ['spec', 'service', 'ports', port.name],
        fix: `containers open: ${[...new Set(opened.map((each) => `${each.port}/${each.protocol}`))].sort().join(', ')}`,
      },
    ];
  });
}

/** What no object closes: a caller that reaches a shadow service through the waypoint of another one. */
function unguardedFindings({ state }: ServiceGraph, key: string): Finding[] {
  const shadow = state.workloads.get(key);
  return (shadow ? unguardedCallers(state, shadow) : []).map(({ caller, callee, via }): Finding => {
    const { namespace = '', name = '' } = state.services.get(caller) ?? {};
    return {
      code: 'UnagreedThroughWaypoint',
      severity: 'warning',
      message: `reaches ${callee} without an agreement: that is a shadow behind the waypoint which it may use for ${via}`,
      object: { kind: 'LatticeService', namespace, name },
      edge: { from: caller, to: callee },
      fix: `label the Services of ${callee} istio.io/use-waypoint: none, or with a waypoint of their own; or write mode: enforce there`,
    };
  });
}

interface PodPorts {
  readonly account: string;
  readonly ports: readonly { readonly port: number; readonly protocol: string }[];
}

function accountFindings(key: string, graph: ServiceGraph, pods: readonly PodPorts[], object: ObjectName): Finding[] {
  const declared = graph.state.services.get(key)?.account;
  const real = [...new Set(pods.map((pod) => pod.account))].sort();
  if (declared === undefined || real.length === 0 || (real.length === 1 && real[0] === declared)) return [];
  return [
    {
      code: 'AccountDiffers',
      severity: 'warning',
      message: `the pods run under ServiceAccount ${real.join(', ')}, not only "${declared}": both are admitted`,
      object,
      path: ['spec', 'serviceAccount'],
      fix: `write serviceAccount: ${real[0] ?? ''}, or change the pods`,
    },
  ];
}
