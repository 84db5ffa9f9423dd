// From a stored and accepted CiliumNetworkPolicy or its clusterwide twin to the engine's rules.
import { type LabelSelector, parseAddress, parsePrefix, type Prefix, readSelector } from '../kubernetes/index.ts';
import type { ObjectRef } from '../verdict.ts';
import { entitySelectors } from './entity.ts';
import { namePattern } from './fqdn.ts';
import { CLUSTER_LABEL, NAMESPACE_LABEL, NAMESPACE_LABELS } from './identity.ts';
import { rulePortsOf } from './parse-ports.ts';
import { countOf, type Fields, fieldsOf, itemsOf, textOf } from './read.ts';
import { type Direction, type Rule, TIERS } from './rule.ts';
import {
  ANY_GROUP,
  anyAddressSelector,
  cidrSelector,
  EVERYTHING,
  type LabelRequirements,
  labelSelector,
  NOTHING,
  nameSelector,
  type Selector,
  unknownSelector,
} from './selector.ts';

/** What parsing needs to know beside the object. */
export interface ParseContext {
  readonly object: ObjectRef;
  /** The object's place among others, as Rule.order. */
  readonly order: string;
  /** The cluster that selectors are limited to by default; empty: none (C10). */
  readonly clusterName: string;
  readonly localCluster: string;
  /** As CiliumConfig.outside. */
  readonly outside: 'disregarded' | 'unknown';
  /** Makes equal selectors one, so that they share a cache. */
  readonly intern: (selector: Selector) => Selector;
}

/** The rules of one `spec` (or `specs` item) at `path`. */
export function parseCiliumSpec(spec: Fields, path: string, context: ParseContext): Rule[] {
  // Node policies act on hosts only, and the host firewall is not modelled.
  if (spec.nodeSelector !== undefined) return [];
  const subject = context.intern(subjectOf(spec, context.object.namespace));
  const matchesInit = hasKey(encode(readSelector(spec.endpointSelector), 'any'), 'reserved:init');
  const rules: Rule[] = [];
  for (const section of ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const) {
    const direction = section.startsWith('ingress') ? 'ingress' : 'egress';
    const explicit = fieldsOf(spec.enableDefaultDeny)[direction];
    for (const [index, item] of (itemsOf(spec[section]) ?? []).entries()) {
      const at = `${path}.${section}[${index}]`;
      const rule = fieldsOf(item);
      const ports = rulePortsOf(rule, at, section.endsWith('Deny'), context.outside);
      rules.push({
        ref: { ...context.object, rule: at },
        order: context.order,
        direction,
        action: section.endsWith('Deny') ? 'deny' : 'allow',
        tier: TIERS.normal,
        priority: 0,
        // A section that isolates by default can be told not to; a missing section isolates nothing (C25, surprise 12).
        defaultDeny: explicit !== false,
        subject,
        peers: peersOf(rule, at, direction, ports !== undefined, matchesInit, context),
        ports,
        authentication: textOf(fieldsOf(rule.authentication).mode) ?? '',
        ...unmodelledOf(rule, at, context),
      });
    }
  }
  return rules;
}

/** Encodes keys with their source; a bare key gets `source`. */
export function encode(selector: LabelSelector, source: string): LabelRequirements {
  const withSource = (key: string): string => (key.includes(':') ? key : `${source}:${key}`);
  return {
    labels: selector.labels.map(([key, value]) => [withSource(key), value]),
    expressions: selector.expressions.map((expression) => ({ ...expression, key: withSource(expression.key) })),
  };
}

/** Adds the requirement of one label, replacing one with the same key. */
export function withLabel(requirements: LabelRequirements, key: string, value: string): LabelRequirements {
  return { ...requirements, labels: [...requirements.labels.filter(([other]) => other !== key), [key, value]] };
}

function subjectOf(spec: Fields, namespace: string): Selector {
  const written = encode(readSelector(spec.endpointSelector), 'any');
  // Another namespace under the k8s: prefix is overwritten (C9); under a bare key it contradicts (surprise 6).
  return labelSelector(namespace === '' ? written : withLabel(written, `k8s:${NAMESPACE_LABEL}`, namespace));
}

function peersOf(
  rule: Fields,
  path: string,
  direction: Direction,
  hasPorts: boolean,
  matchesInit: boolean,
  context: ParseContext,
): 'nobody' | readonly Selector[] {
  const prefix = direction === 'ingress' ? 'from' : 'to';
  const lists = ['Endpoints', 'Nodes', 'Entities', 'CIDR', 'CIDRSet'].map((kind) => itemsOf(rule[`${prefix}${kind}`]));
  if (lists.some((list) => list?.length === 0)) return 'nobody'; // C3
  const [endpoints = [], , entities = [], cidrs = [], cidrSets = []] = lists;
  const named = (field: string): string =>
    `${path}.${field} of ${context.object.kind} ${context.object.namespace}/${context.object.name}`;
  const selectors = [
    ...endpoints.map((item) => endpointSelector(readSelector(item), matchesInit, context)),
    ...entities.flatMap((item) => entitySelectors(textOf(item) ?? 'none', context.localCluster)),
    ...cidrs.map((item) => addressSelector(textOf(item) ?? '')),
    ...cidrSets.map((item, index) => cidrRuleSelector(fieldsOf(item), named(`${prefix}CIDRSet[${index}]`), context)),
    ...(itemsOf(rule.toFQDNs) ?? []).map((item) => nameSelectorOf(fieldsOf(item))),
  ];
  if (countOf(rule[`${prefix}Groups`]) > 0) selectors.push(outsideSelector(named(`${prefix}Groups`), 'world', context));
  // Without a matching Service the engine sees no peers at all, which with ports means everybody (surprise 2).
  if (countOf(rule.toServices) > 0 && context.outside === 'unknown')
    selectors.push(unknownSelector(named('toServices'), 'anything'));
  // Beside the selector of every peer the engine files no other.
  if (selectors.some((selector) => selector.selectsAll && !selector.lists)) return [EVERYTHING];
  if (selectors.length > 0) return selectors.map(context.intern);
  // No peer field, or an empty toFQDNs or toGroups (surprise 1): everybody with ports, nobody without.
  return hasPorts ? [EVERYTHING] : 'nobody';
}

function endpointSelector(selector: LabelSelector, matchesInit: boolean, context: ParseContext): Selector {
  let requirements = encode(selector, 'any');
  // Reserved labels are of no namespace or cluster (surprise 15).
  if (hasKeyPrefix(requirements, 'reserved:')) return labelSelector(requirements);
  const { namespace } = context.object;
  if (!hasKey(requirements, `k8s:${NAMESPACE_LABEL}`) && !hasKey(requirements, `any:${NAMESPACE_LABEL}`)) {
    const byNamespaceLabels =
      hasKeyPrefix(requirements, `k8s:${NAMESPACE_LABELS}`) || hasKeyPrefix(requirements, `any:${NAMESPACE_LABELS}`);
    // C8: a namespaced policy means its own namespace, a clusterwide one any peer that has a namespace.
    if (namespace !== '' && !byNamespaceLabels)
      requirements = withLabel(requirements, `k8s:${NAMESPACE_LABEL}`, namespace);
    if (namespace === '' && !matchesInit) {
      const exists = { key: `k8s:${NAMESPACE_LABEL}`, operator: 'Exists', values: [] } as const;
      requirements = { ...requirements, expressions: [...requirements.expressions, exists] };
    }
  }
  const namesCluster = hasKey(requirements, `k8s:${CLUSTER_LABEL}`) || hasKey(requirements, `any:${CLUSTER_LABEL}`);
  if (context.clusterName !== '' && !namesCluster)
    requirements = withLabel(requirements, `k8s:${CLUSTER_LABEL}`, context.clusterName); // C10
  return labelSelector(requirements);
}

function cidrRuleSelector(rule: Fields, named: string, context: ParseContext): Selector {
  const exceptions = (itemsOf(rule.except) ?? []).map((item) => textOf(item) ?? '');
  const blocks = exceptions.map(parsePrefix).filter((block) => block !== undefined);
  const suffix = exceptions.length > 0 ? `-[${exceptions.join(',')}]` : '';
  const cidr = textOf(rule.cidr);
  if (cidr !== undefined) return addressSelector(cidr, `${cidr}${suffix}`, blocks);
  if (rule.cidrGroupSelector === undefined) return outsideSelector(named, 'world', context);
  const { labels, expressions } = readSelector(rule.cidrGroupSelector);
  // An empty selector is taken for the one that selects every peer, pods and nodes too; with exceptions, every address.
  if (labels.length + expressions.length === 0) return suffix === '' ? ANY_GROUP : anyAddressSelector(suffix, blocks);
  const demands = labels.length > 0 || expressions.some(({ operator }) => operator === 'In' || operator === 'Exists');
  return demands || context.outside === 'unknown'
    ? outsideSelector(named, 'world', context)
    : anyAddressSelector(suffix, blocks);
}

function addressSelector(cidr: string, text: string = cidr, exceptions: readonly Prefix[] = []): Selector {
  const block = parsePrefix(cidr) ?? parseAddress(cidr);
  return block ? cidrSelector(text, block, exceptions) : NOTHING;
}

function nameSelectorOf(item: Fields): Selector {
  return nameSelector(namePattern(textOf(item.matchName) ?? textOf(item.matchPattern) ?? ''));
}

function outsideSelector(named: string, reach: 'world' | 'anything', context: ParseContext): Selector {
  return context.outside === 'unknown' ? unknownSelector(named, reach) : NOTHING;
}

function unmodelledOf(rule: Fields, path: string, context: ParseContext): { readonly unmodelled?: string } {
  if (context.outside === 'disregarded') return {};
  const mode = fieldsOf(rule.authentication).mode;
  return mode === undefined || mode === 'disabled' ? {} : { unmodelled: `${path}.authentication` };
}

function hasKey(requirements: LabelRequirements, key: string): boolean {
  return (
    requirements.labels.some(([other]) => other === key) ||
    requirements.expressions.some((expression) => expression.key === key)
  );
}

function hasKeyPrefix(requirements: LabelRequirements, prefix: string): boolean {
  return (
    requirements.labels.some(([key]) => key.startsWith(prefix)) ||
    requirements.expressions.some(({ key }) => key.startsWith(prefix))
  );
}
