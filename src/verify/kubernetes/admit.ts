// A NetworkPolicy as the API server would store it, or why it would not.
import { covers, parsePrefix } from './cidr.ts';
import { isLabelKey, type LabelSelector, readSelector, SELECTOR_SHAPE, selectorErrors } from './label.ts';
import { identify, metadataErrors } from './metadata.ts';
import { isContainerPortName } from './port-name.ts';
import { coerce, isRecord, type Shape } from './structural.ts';

/** A stored NetworkPolicy, defaults filled in. */
export interface NetworkPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly podSelector: LabelSelector;
  readonly policyTypes: readonly ('Ingress' | 'Egress')[];
  readonly ingress: readonly NetworkPolicyRule[];
  readonly egress: readonly NetworkPolicyRule[];
}

/** One ingress or egress rule; an empty list of peers or ports means all. */
export interface NetworkPolicyRule {
  readonly peers: readonly NetworkPolicyPeer[];
  readonly ports: readonly NetworkPolicyPort[];
}

export type NetworkPolicyPeer =
  | { readonly kind: 'ipBlock'; readonly cidr: string; readonly except: readonly string[] }
  | { readonly kind: 'pods'; readonly pods: LabelSelector | undefined; readonly namespaces: LabelSelector | undefined };

/** A port of the destination pod; `port` undefined means every port of the protocol. */
export interface NetworkPolicyPort {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number | string | undefined;
  readonly endPort: number | undefined;
}

export interface AdmittedNetworkPolicy {
  /** Undefined if refused. */
  readonly policy: NetworkPolicy | undefined;
  readonly errors: readonly string[];
  readonly pruned: readonly string[];
}

/** Decides as the API server would on create, per the validation of networking.k8s.io/v1; never throws. */
export function admitNetworkPolicy(object: Readonly<Record<string, unknown>>): AdmittedNetworkPolicy {
  const { value, pruned, errors } = coerce(object, NETWORK_POLICY, '', 'empty');
  const problems = [...metadataErrors(object.metadata, 'namespaced'), ...errors];
  if (problems.length > 0 || !isRecord(value)) return { policy: undefined, errors: problems, pruned };
  const spec = isRecord(value.spec) ? value.spec : {};
  const policy = readPolicy(object, spec);
  const complaints = complaintsOf(policy);
  return complaints.length > 0 ? { policy: undefined, errors: complaints, pruned } : { policy, errors: [], pruned };
}

const INT32 = { kind: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 } as const;
const PEER: Shape = {
  kind: 'object',
  fields: {
    podSelector: SELECTOR_SHAPE,
    namespaceSelector: SELECTOR_SHAPE,
    ipBlock: {
      kind: 'object',
      fields: { cidr: { kind: 'string' }, except: { kind: 'list', items: { kind: 'string' } } },
      check: ipBlockProblem,
    },
  },
  check: peerProblem,
};
const PORT: Shape = {
  kind: 'object',
  fields: {
    protocol: { kind: 'string', oneOf: ['TCP', 'UDP', 'SCTP'] },
    port: { kind: 'integerOrString' },
    endPort: INT32,
  },
  check: portProblem,
};
const ruleWith = (peers: 'from' | 'to'): Shape => ({
  kind: 'object',
  fields: { [peers]: { kind: 'list', items: PEER }, ports: { kind: 'list', items: PORT } },
});
const NETWORK_POLICY: Shape = {
  kind: 'object',
  fields: {
    apiVersion: { kind: 'string' },
    kind: { kind: 'string' },
    metadata: { kind: 'any' },
    status: { kind: 'any' },
    spec: {
      kind: 'object',
      fields: {
        podSelector: SELECTOR_SHAPE,
        ingress: { kind: 'list', items: ruleWith('from') },
        egress: { kind: 'list', items: ruleWith('to') },
        policyTypes: { kind: 'list', maxItems: 2, items: { kind: 'string', oneOf: ['Ingress', 'Egress'] } },
      },
    },
  },
};

function ipBlockProblem(block: Readonly<Record<string, unknown>>): string | undefined {
  // Host bits are masked, as servers before 1.36 do; newer ones refuse them.
  const outer = typeof block.cidr === 'string' ? parsePrefix(block.cidr) : undefined;
  if (!outer) return 'cidr must be a CIDR';
  for (const except of listOf(block.except)) {
    const inner = typeof except === 'string' ? parsePrefix(except) : undefined;
    if (!inner || !covers(outer, inner) || outer.bits >= inner.bits) return 'except must be a strict subset of cidr';
  }
  return undefined;
}

function peerProblem(peer: Readonly<Record<string, unknown>>): string | undefined {
  const count = Object.keys(peer).length;
  if (count === 0) return 'must specify a peer';
  return count > 1 && peer.ipBlock !== undefined ? 'may not specify both ipBlock and another peer' : undefined;
}

function portProblem(item: Readonly<Record<string, unknown>>): string | undefined {
  const { port, endPort } = item;
  if (typeof port === 'string') {
    if (endPort !== undefined) return 'endPort may not be specified when port is non-numeric';
    return isContainerPortName(port) ? undefined : 'port is not a valid name';
  }
  if (typeof port !== 'number') return endPort === undefined ? undefined : 'endPort may not be specified without port';
  if (!isPortNumber(port)) return 'port must be between 1 and 65535';
  if (typeof endPort !== 'number') return undefined;
  return isPortNumber(endPort) && endPort >= port ? undefined : 'endPort must be between port and 65535';
}

function isPortNumber(port: number): boolean {
  return port >= 1 && port <= 65535;
}

function readPolicy(object: Readonly<Record<string, unknown>>, spec: Readonly<Record<string, unknown>>): NetworkPolicy {
  const { namespace, name } = identify(object, 'namespaced');
  const egress = listOf(spec.egress).map((rule) => readRule(rule, 'to'));
  const given = listOf(spec.policyTypes).filter((type) => type === 'Ingress' || type === 'Egress');
  const assumed: readonly ('Ingress' | 'Egress')[] = egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  return {
    namespace,
    name,
    podSelector: readSelector(spec.podSelector),
    policyTypes: given.length > 0 ? given : assumed,
    ingress: listOf(spec.ingress).map((rule) => readRule(rule, 'from')),
    egress,
  };
}

function readRule(value: unknown, peers: 'from' | 'to'): NetworkPolicyRule {
  const rule = isRecord(value) ? value : {};
  return { peers: listOf(rule[peers]).map(readPeer), ports: listOf(rule.ports).map(readPort) };
}

function readPeer(value: unknown): NetworkPolicyPeer {
  const peer = isRecord(value) ? value : {};
  if (isRecord(peer.ipBlock)) {
    const { cidr, except } = peer.ipBlock;
    return {
      kind: 'ipBlock',
      cidr: typeof cidr === 'string' ? cidr : '',
      except: listOf(except).filter((item) => typeof item === 'string'),
    };
  }
  const selectorAt = (key: string): LabelSelector | undefined =>
    peer[key] === undefined ? undefined : readSelector(peer[key]);
  return { kind: 'pods', pods: selectorAt('podSelector'), namespaces: selectorAt('namespaceSelector') };
}

function readPort(value: unknown): NetworkPolicyPort {
  const item = isRecord(value) ? value : {};
  const { protocol, port, endPort } = item;
  return {
    protocol: protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP',
    port: typeof port === 'number' || typeof port === 'string' ? port : undefined,
    endPort: typeof endPort === 'number' ? endPort : undefined,
  };
}

function complaintsOf(policy: NetworkPolicy): string[] {
  const selectors = [policy.podSelector];
  for (const rule of [...policy.ingress, ...policy.egress])
    for (const peer of rule.peers)
      if (peer.kind === 'pods')
        selectors.push(...[peer.pods, peer.namespaces].filter((selector) => selector !== undefined));
  return selectors.flatMap((selector) => selectorErrors(selector, isLabelKey));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
