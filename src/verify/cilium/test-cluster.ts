// A small cluster to ask the evaluator about; for tests only.
import { type CiliumConfig, loadCilium, type Protocol } from './index.ts';

type Party = readonly string[];

/** A pod's labels. */
export function pod(namespace: string, app: string, extra: readonly string[] = [], cluster = 'c1'): Party {
  return [
    `k8s:io.kubernetes.pod.namespace=${namespace}`,
    `k8s:io.cilium.k8s.policy.cluster=${cluster}`,
    `k8s:io.cilium.k8s.policy.serviceaccount=${app}`,
    `k8s:app=${app}`,
    ...extra,
  ];
}

export const CART = pod('shop', 'cart');
export const WEB = pod('shop', 'web');
export const OTHER = pod('pay', 'web');
export const ELSEWHERE = pod('shop', 'web', [], 'c2');
export const WORLD: Party = ['cidr:1.2.3.4/32'];
export const HOST: Party = ['reserved:host'];
export const SELECT_CART = { matchLabels: { 'k8s:app': 'cart' } };

/** A CiliumNetworkPolicy of namespace shop. */
export function cnp(spec: object, name = 'p'): object {
  return { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name, namespace: 'shop' }, spec };
}

export function ccnp(spec: object, name = 'p'): object {
  return { apiVersion: 'cilium.io/v2', kind: 'CiliumClusterwideNetworkPolicy', metadata: { name }, spec };
}

export function networkPolicy(spec: object): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'n', namespace: 'shop' },
    spec,
  };
}

/** A rule for cart alone. */
export function cartIngress(rule: object): object {
  return cnp({ endpointSelector: SELECT_CART, ingress: [rule] });
}

export function cartEgress(rule: object): object {
  return cnp({ endpointSelector: SELECT_CART, egress: [rule] });
}

export function tcp(port: string, extra: object = {}): object {
  return { ports: [{ port, protocol: 'TCP', ...extra }] };
}

const LOCAL: CiliumConfig = { localCluster: 'c1', clusterName: 'c1' };

/** The receiver's verdict: `allowed`, `denied`, `undecided`, `unmanaged`. */
export function ingress(
  objects: object | readonly object[],
  from: Party,
  to: Party = CART,
  port = 80,
  protocol: Protocol = 'TCP',
  config: Partial<CiliumConfig> = {},
): string {
  return ask(objects, from, to, port, protocol, config).ingress.verdict;
}

/** The sender's verdict. */
export function egress(
  objects: object | readonly object[],
  to: Party,
  from: Party = CART,
  port = 80,
  protocol: Protocol = 'TCP',
  config: Partial<CiliumConfig> = {},
): string {
  return ask(objects, from, to, port, protocol, config).egress.verdict;
}

export function load(objects: object | readonly object[], config: Partial<CiliumConfig> = {}) {
  return loadCilium(Array.isArray(objects) ? objects : [objects], { ...LOCAL, ...config });
}

/** Why the object is refused: `schema`, `agent`, or undefined if it is not. */
export function refusedBy(object: unknown): string | undefined {
  return loadCilium([object], LOCAL).refusals[0]?.stage;
}

function ask(
  objects: object | readonly object[],
  from: Party,
  to: Party,
  port: number,
  protocol: Protocol,
  config: Partial<CiliumConfig>,
) {
  return load(objects, config).judge({ from, to, port, protocol });
}
