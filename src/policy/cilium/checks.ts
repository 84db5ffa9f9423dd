import { CLUSTER_LABEL, NAMESPACE_LABEL } from './label.ts';
import type { EgressRule, IngressRule, NameSelector, PolicySpec, PortRule, Selector } from './spec.ts';

/** An object that the API server or the agent would refuse, or read as more than was meant: a bug of the compiler. */
export class UnacceptablePolicyError extends Error {
  readonly code = 'UnacceptablePolicy';
  readonly policy: string;

  constructor(policy: string, reason: string) {
    super(`CiliumNetworkPolicy ${policy}: ${reason}`);
    this.name = 'UnacceptablePolicyError';
    this.policy = policy;
  }
}

const ENTITIES: ReadonlySet<string> = new Set(['world', 'host', 'remote-node', 'ingress', 'health', 'kube-apiserver']);
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const LABEL_KEY = /^k8s:[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$/;
const PORT = /^[1-9]\d{0,4}$/;
// The CRD's patterns for names, written so that a long name that does not match is refused in linear time.
const MATCH_NAME = /^[-a-zA-Z0-9_]+(?:[.][-a-zA-Z0-9_]+)*[.]?$/;
const MATCH_PATTERN = /^[-a-zA-Z0-9_*]+(?:[.][-a-zA-Z0-9_*]+)*[.]?$/;

/**
 * Holds a policy to the rules of the CRD and of the agent: a refused object enforces nothing, and its pods stay open (C2).
 * Selectors of peers are held to theirs where they are built. Throws {@link UnacceptablePolicyError}.
 */
export function assertAcceptable(name: string, spec: PolicySpec): void {
  const reason =
    nameFault(name) ??
    selectorFault(spec.endpointSelector) ??
    directionsFault(spec) ??
    rulesFault(spec.ingress) ??
    rulesFault(spec.egress);
  if (reason !== undefined) throw new UnacceptablePolicyError(name, reason);
}

/** Holds a peer's selector to the rules of the CRD and of the agent, and to naming where the peer is (C8, C10). */
export function assertSelectable(key: string, selector: Selector): void {
  const { matchLabels } = selector;
  const placed = matchLabels?.[NAMESPACE_LABEL] !== undefined && matchLabels[CLUSTER_LABEL] !== undefined;
  const reason = placed ? selectorFault(selector) : 'names no namespace or no cluster (C8, C10)';
  if (reason !== undefined) throw new UnacceptablePolicyError(key, reason);
}

function nameFault(name: string): string | undefined {
  return name.length > 253 || !OBJECT_NAME.test(name) ? 'its name is not an object name' : undefined;
}

function directionsFault({ ingress, egress }: PolicySpec): string | undefined {
  if (!ingress && !egress) return 'has no direction (C1)';
  if (ingress?.length === 0 || egress?.length === 0)
    return 'has a direction without rules, which isolates nothing (C1)';
  return undefined;
}

function rulesFault(rules: readonly (IngressRule & EgressRule)[] = []): string | undefined {
  for (const rule of rules) {
    const fault = ruleFault(rule);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function ruleFault(rule: IngressRule & EgressRule): string | undefined {
  const { fromEndpoints, fromEntities, fromCIDR, toEndpoints, toEntities, toCIDR, toFQDNs, toPorts } = rule;
  const lists = [fromEndpoints, fromEntities, fromCIDR, toEndpoints, toEntities, toCIDR, toFQDNs];
  let peers = 0;
  for (const list of lists) {
    if (list === undefined) continue;
    peers += 1;
    if (list.length === 0) return 'an empty list of peers (C3, surprise 1)';
  }
  if (peers > 1) return 'mixes kinds of peers in one rule (C7)';
  if (peers === 0 && toPorts) return 'opens ports to everybody (C3)';
  if (toFQDNs && !toPorts) return 'toFQDNs without ports (C20)';
  return (
    entitiesFault(fromEntities ?? toEntities) ??
    cidrsFault(fromCIDR ?? toCIDR) ??
    namesFault(toFQDNs) ??
    portsFault(toPorts)
  );
}

function selectorFault({ matchLabels, matchExpressions }: Selector): string | undefined {
  for (const [key, value] of Object.entries(matchLabels ?? {})) {
    if (!LABEL_KEY.test(key)) return `the label key ${key} is not of Kubernetes (C11)`;
    if (value.length > 63 || !LABEL_VALUE.test(value)) return `"${value}" is no label value`;
  }
  for (const { key, values } of matchExpressions ?? []) {
    if (!LABEL_KEY.test(key)) return `the label key ${key} is not of Kubernetes (C11)`;
    if (values.length === 0) return `the expression on ${key} has no values`;
    const bad = values.find((value) => value.length > 63 || !LABEL_VALUE.test(value));
    if (bad !== undefined) return `"${bad}" is no label value`;
  }
  return undefined;
}

function entitiesFault(entities: readonly string[] = []): string | undefined {
  const unknown = entities.find((entity) => !ENTITIES.has(entity));
  return unknown === undefined ? undefined : `the entity ${unknown} is none that is ever granted (C17, surprise 13)`;
}

function cidrsFault(cidrs: readonly string[] = []): string | undefined {
  const bare = cidrs.find((cidr) => !cidr.includes('/'));
  return bare === undefined ? undefined : `${bare} has no prefix (surprise 14)`;
}

function namesFault(names: readonly NameSelector[] = []): string | undefined {
  for (const name of names) {
    const fault =
      'matchName' in name
        ? name.matchName.length > 255 || !MATCH_NAME.test(name.matchName)
        : name.matchPattern.length > 255 || !MATCH_PATTERN.test(name.matchPattern);
    if (fault) return `${Object.values(name).join()} is no name (C22)`;
  }
  return undefined;
}

function portsFault(toPorts: readonly PortRule[] | undefined): string | undefined {
  if (!toPorts) return undefined;
  if (toPorts.length === 0) return 'an empty toPorts opens all ports (C4)';
  for (const { ports, rules } of toPorts) {
    if (ports.length === 0) return 'a port rule without ports (C4)';
    if (ports.length > 40) return 'more than 40 ports in one rule (C6)';
    const bad = ports.find(({ port }) => !PORT.test(port) || Number(port) > 65535);
    if (bad) return `port "${bad.port}" (C5)`;
    if (rules && rules.dns.length === 0) return 'a DNS rule without names';
    const fault = namesFault(rules?.dns);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
