import type { Bucket } from '../kubernetes/bucket.ts';
import type { PortSet } from '../kubernetes/port-set.ts';
import { UnacceptablePolicyError } from './checks.ts';
import type { Group, Member } from './grants.ts';
import type { EgressRule, IngressRule, NameSelector, PortRule, Selector } from './spec.ts';

/** The agent refuses a rule with more, and a refused object leaves the pod open (C2, C6). */
const MAX_PORTS = 40;

/** Writes port sets as `toPorts`, each once. */
export type WritePorts = (ports: PortSet) => readonly PortRule[];

export function openPortWriter(): WritePorts {
  const written = new Map<PortSet, readonly PortRule[]>();
  return (ports) => {
    const known = written.get(ports);
    if (known) return known;
    const rules = portRules(ports);
    written.set(ports, rules);
    return rules;
  };
}

/** Ingress rules for the groups' members in `bucket`; a group without any gives no rule, never one with an empty list (C3). */
export function ingressRules(groups: readonly Group[], bucket: Bucket, write: WritePorts): readonly IngressRule[] {
  return rulesOf(groups, bucket, (group, members): IngressRule => {
    const toPorts = write(group.ports);
    switch (group.kind) {
      case 'endpoints':
        return { fromEndpoints: selectorsOf(members), toPorts };
      case 'entities':
        return { fromEntities: entitiesOf(members), toPorts };
      case 'cidr':
        return { fromCIDR: cidrsOf(members), toPorts };
      case 'fqdns':
        throw new UnacceptablePolicyError('ingress', 'names cannot be matched on ingress (C20)');
    }
  });
}

/** Egress rules, likewise. */
export function egressRules(groups: readonly Group[], bucket: Bucket, write: WritePorts): readonly EgressRule[] {
  return rulesOf(groups, bucket, (group, members): EgressRule => {
    const toPorts = write(group.ports);
    switch (group.kind) {
      case 'endpoints':
        return { toEndpoints: selectorsOf(members), toPorts };
      case 'entities':
        return { toEntities: entitiesOf(members), toPorts };
      case 'cidr':
        return { toCIDR: cidrsOf(members), toPorts };
      case 'fqdns':
        return { toFQDNs: namesOf(members), toPorts };
    }
  });
}

/** The ports as Cilium wants them: text, upper-case protocol (surprise 13), at most 40 together. */
export function portRules({ ports }: PortSet, dns?: readonly NameSelector[]): readonly PortRule[] {
  const written = ports.map(({ port, protocol }) => ({ port: String(port), protocol }));
  const rules = dns ? { rules: { dns } } : {};
  if (written.length <= MAX_PORTS) return [{ ports: written, ...rules }];
  return Array.from({ length: Math.ceil(written.length / MAX_PORTS) }, (_, index) => ({
    ports: written.slice(index * MAX_PORTS, (index + 1) * MAX_PORTS),
    ...rules,
  }));
}

function rulesOf<Rule>(
  groups: readonly Group[],
  bucket: Bucket,
  write: (group: Group, members: readonly Member[]) => Rule,
): readonly Rule[] {
  const rules: Rule[] = [];
  for (const group of groups) {
    const members = bucket.whole ? group.members : group.members.filter(bucket.has);
    if (members.length > 0) rules.push(write(group, members));
  }
  return rules;
}

function selectorsOf(members: readonly Member[]): readonly Selector[] {
  const selectors: Selector[] = [];
  for (const member of members) {
    if (member.kind === 'endpoints') for (const selector of member.selectors) selectors.push(selector);
  }
  return selectors;
}

function entitiesOf(members: readonly Member[]): readonly string[] {
  return members.flatMap((member) => (member.kind === 'entities' ? [member.entity] : []));
}

function cidrsOf(members: readonly Member[]): readonly string[] {
  return members.flatMap((member) => (member.kind === 'cidr' ? [member.cidr] : []));
}

function namesOf(members: readonly Member[]): readonly NameSelector[] {
  return members.flatMap((member) => (member.kind === 'fqdns' ? [member.name] : []));
}
