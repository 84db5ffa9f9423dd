import type { LabelSelector, PolicyPeer, PolicySpec } from './spec.ts';
import type { TargetPort } from './port-set.ts';

/** A NetworkPolicy that the API server would refuse, or that opens more than was meant: a bug of the compiler. */
class UnacceptableNetworkPolicyError extends Error {
  readonly code = 'UnacceptableNetworkPolicy';
  readonly policy: string;

  constructor(policy: string, reason: string) {
    super(`NetworkPolicy ${policy}: ${reason}`);
    this.name = 'UnacceptableNetworkPolicyError';
    this.policy = policy;
  }
}

const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

/** Holds a policy to what is ever meant: an empty list of peers or ports would open everything. */
export function assertAcceptable(name: string, spec: PolicySpec): void {
  const reason = selectorFault(spec.podSelector) ?? ingressFault(spec) ?? egressFault(spec);
  if (reason !== undefined) throw new UnacceptableNetworkPolicyError(name, reason);
}

function ingressFault({ ingress = [] }: PolicySpec): string | undefined {
  for (const { from, ports } of ingress) {
    const fault = peersFault(from) ?? (ports ? portsFault(ports) : undefined);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function egressFault({ egress = [] }: PolicySpec): string | undefined {
  for (const { to, ports } of egress) {
    const fault = peersFault(to) ?? portsFault(ports);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function peersFault(peers: readonly PolicyPeer[]): string | undefined {
  if (peers.length === 0) return 'a rule without peers opens its ports to everybody';
  for (const peer of peers) {
    const fault = 'ipBlock' in peer ? undefined : selectorFault(peer.podSelector);
    if (fault !== undefined) return fault;
    if ('podSelector' in peer && isEmpty(peer.podSelector)) return 'a peer that is every pod of a namespace';
  }
  return undefined;
}

function portsFault(ports: readonly TargetPort[]): string | undefined {
  if (ports.length === 0) return 'a rule without ports opens all of them';
  const bad = ports.find(({ port }) => !Number.isInteger(port) || port < 1 || port > 65535);
  return bad && `port ${bad.port}`;
}

function selectorFault({ matchLabels, matchExpressions }: LabelSelector): string | undefined {
  const values = [
    ...Object.values(matchLabels ?? {}),
    ...(matchExpressions ?? []).flatMap((expression) => expression.values),
  ];
  const bad = values.find((value) => value.length > 63 || !LABEL_VALUE.test(value));
  if (bad !== undefined) return `"${bad}" is no label value`;
  const without = matchExpressions?.find((expression) => expression.values.length === 0);
  return without && `the expression on ${without.key} has no values`;
}

function isEmpty({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return Object.keys(matchLabels ?? {}).length + (matchExpressions ?? []).length === 0;
}
