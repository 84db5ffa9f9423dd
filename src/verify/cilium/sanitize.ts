// What the agent refuses of policies that the API server has stored. A refused object enforces nothing (C2).
import { covers, isLabelKey, parseAddress, parsePrefix, readSelector, selectorErrors } from '../kubernetes/index.ts';
import { icmpType } from './icmp.ts';
import { isPortName, parsePortNumber } from './port.ts';
import { countOf, type Fields, fieldsOf, itemsOf, textOf } from './read.ts';
import { isGoRegex } from './regex.ts';

/** Why the agent would refuse one `spec`, or `specs` item, that has passed the schema; empty if it would not. */
export function agentErrors(
  spec: Fields,
  path: string,
  kind: 'CiliumNetworkPolicy' | 'CiliumClusterwideNetworkPolicy',
): string[] {
  const found: string[] = [];
  const say = (where: string, problem: string): void => void found.push(`${where} ${problem}`);
  const sections = ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const;
  if (sections.every((section) => countOf(spec[section]) === 0))
    say(path, 'must have a rule in ingress, ingressDeny, egress or egressDeny'); // C1
  const onNodes = spec.nodeSelector !== undefined;
  if (onNodes && kind === 'CiliumNetworkPolicy')
    say(`${path}.nodeSelector`, 'is for CiliumClusterwideNetworkPolicy only');
  checkSelector(spec.endpointSelector, `${path}.endpointSelector`, say);
  checkSelector(spec.nodeSelector, `${path}.nodeSelector`, say);
  for (const [index, label] of (itemsOf(spec.labels) ?? []).entries())
    if (fieldsOf(label).key === '') say(`${path}.labels[${index}].key`, 'must not be empty');
  for (const section of sections)
    for (const [index, rule] of (itemsOf(spec[section]) ?? []).entries())
      checkRule(fieldsOf(rule), `${path}.${section}[${index}]`, section, onNodes, say);
  return found;
}

type Say = (where: string, problem: string) => void;
type Section = 'ingress' | 'ingressDeny' | 'egress' | 'egressDeny';

const MAX_PORTS = 40; // C6

const PEER_FIELDS: Readonly<Record<'ingress' | 'egress', readonly string[]>> = {
  ingress: ['fromEndpoints', 'fromCIDR', 'fromCIDRSet', 'fromEntities', 'fromNodes', 'fromGroups'],
  egress: ['toEndpoints', 'toCIDR', 'toCIDRSet', 'toEntities', 'toNodes', 'toGroups', 'toServices', 'toFQDNs'],
};

function checkRule(rule: Fields, path: string, section: Section, onNodes: boolean, say: Say): void {
  const direction = section.startsWith('ingress') ? 'ingress' : 'egress';
  const used = PEER_FIELDS[direction].filter((field) => countOf(rule[field]) > 0);
  if (used.length > 1) say(path, `combines ${used.join(' and ')}`); // C7
  if (countOf(rule.icmps) > 0 && countOf(rule.toPorts) > 0) say(path, 'combines icmps and toPorts');
  checkPeers(rule, path, direction === 'ingress' ? 'from' : 'to', say);
  for (const [index, icmp] of (itemsOf(rule.icmps) ?? []).entries())
    checkIcmp(fieldsOf(icmp), `${path}.icmps[${index}]`, say);
  for (const [index, item] of (itemsOf(rule.toPorts) ?? []).entries()) {
    const where = `${path}.toPorts[${index}]`;
    const portRule = fieldsOf(item);
    const layer7 = section.endsWith('Deny') ? 'none' : checkLayer7(portRule, where, direction, onNodes, say);
    checkPorts(portRule, where, layer7, say);
  }
}

function checkPeers(rule: Fields, path: string, prefix: 'from' | 'to', say: Say): void {
  if (countOf(rule[`${prefix}Nodes`]) > 0)
    say(`${path}.${prefix}Nodes`, 'needs the agent option enable-node-selector-labels');
  for (const field of [`${prefix}Endpoints`, `${prefix}Nodes`])
    for (const [index, selector] of (itemsOf(rule[field]) ?? []).entries())
      checkSelector(selector, `${path}.${field}[${index}]`, say);
  for (const [index, item] of (itemsOf(rule[`${prefix}CIDR`]) ?? []).entries()) {
    const text = textOf(item) ?? '';
    if (!parsePrefix(text) && !parseAddress(text)) say(`${path}.${prefix}CIDR[${index}]`, 'is not a CIDR');
  }
  for (const [index, item] of (itemsOf(rule[`${prefix}CIDRSet`]) ?? []).entries())
    checkCidrRule(fieldsOf(item), `${path}.${prefix}CIDRSet[${index}]`, say);
}

function checkCidrRule(rule: Fields, path: string, say: Say): void {
  checkSelector(rule.cidrGroupSelector, `${path}.cidrGroupSelector`, say);
  if (rule.cidrGroupRef !== undefined || rule.cidrGroupSelector !== undefined) return;
  const outer = parsePrefix(textOf(rule.cidr) ?? '');
  if (!outer) return say(`${path}.cidr`, 'is not a CIDR');
  for (const [index, item] of (itemsOf(rule.except) ?? []).entries()) {
    const inner = parsePrefix(textOf(item) ?? '');
    if (!inner || !covers(outer, inner)) say(`${path}.except[${index}]`, 'is not within cidr');
  }
}

function checkIcmp(icmp: Fields, path: string, say: Say): void {
  for (const [index, item] of (itemsOf(icmp.fields) ?? []).entries()) {
    const { family, type } = fieldsOf(item);
    const known =
      typeof type === 'string' || typeof type === 'number'
        ? icmpType(family === 'IPv6' ? 'IPv6' : 'IPv4', type)
        : undefined;
    if (known === undefined) say(`${path}.fields[${index}].type`, 'is no ICMP type of its family');
  }
}

type Layer7 = 'none' | 'http' | 'dns';

/** Checks the rules above the port, and says which protocol's they are. */
function checkLayer7(
  portRule: Fields,
  path: string,
  direction: 'ingress' | 'egress',
  onNodes: boolean,
  say: Say,
): Layer7 {
  const rules = fieldsOf(portRule.rules);
  const http = itemsOf(rules.http) ?? [];
  const dns = itemsOf(rules.dns) ?? [];
  const layer7 = dns.length > 0 ? 'dns' : http.length > 0 ? 'http' : 'none'; // an empty list filters nothing (surprise 8)
  if (layer7 === 'dns' && direction === 'ingress') say(`${path}.rules.dns`, 'is for egress only');
  if (layer7 === 'dns' && countOf(portRule.ports) === 0) say(`${path}.ports`, 'must name port 53 for DNS rules');
  if (onNodes && (layer7 === 'http' || (layer7 === 'dns' && direction === 'ingress')))
    say(`${path}.rules`, 'is not for nodes');
  if (countOf(portRule.serverNames) > 0 && layer7 !== 'none' && portRule.terminatingTLS === undefined)
    say(`${path}.serverNames`, 'needs terminatingTLS beside rules'); // C26
  if (portRule.listener !== undefined && direction === 'ingress') say(`${path}.listener`, 'is for egress only');
  if (portRule.listener !== undefined && layer7 !== 'none') say(`${path}.listener`, 'excludes rules');
  for (const [index, item] of http.entries()) {
    const rule = fieldsOf(item);
    for (const field of ['path', 'method'])
      if (!isGoRegex(textOf(rule[field]) ?? ''))
        say(`${path}.rules.http[${index}].${field}`, 'is not a regular expression');
    for (const [at, header] of (itemsOf(rule.headerMatches) ?? []).entries())
      if (fieldsOf(fieldsOf(header).secret).name === '')
        say(`${path}.rules.http[${index}].headerMatches[${at}].secret.name`, 'is missing');
  }
  return layer7;
}

function checkPorts(portRule: Fields, path: string, layer7: Layer7, say: Say): void {
  const ports = itemsOf(portRule.ports) ?? [];
  if (ports.length > MAX_PORTS) say(`${path}.ports`, `has more than ${MAX_PORTS} items`);
  for (const [index, item] of ports.entries()) {
    const where = `${path}.ports[${index}]`;
    const { port, endPort, protocol } = fieldsOf(item);
    const text = textOf(port) ?? '';
    if (layer7 === 'http' && protocol !== 'TCP') say(`${where}.protocol`, 'must be TCP for HTTP rules'); // C26
    if (isPortName(text)) continue;
    const number = parsePortNumber(text);
    if (number === undefined) {
      say(`${where}.port`, 'is neither a port number nor a name');
      continue;
    }
    if (text !== '0' && PORTLESS.has(textOf(protocol) ?? ''))
      say(`${where}.port`, 'must be 0 for a protocol without ports');
    if (layer7 !== 'none' && number === 0) say(`${where}.port`, 'must not be 0 beside rules');
    if (layer7 === 'dns' && typeof endPort === 'number' && endPort > number)
      say(`${where}.endPort`, 'excludes DNS rules'); // C20
  }
}

const PORTLESS: ReadonlySet<string> = new Set(['VRRP', 'IGMP', 'GRE', 'IPIP', 'IPV6', 'ESP', 'AH']);

function checkSelector(selector: unknown, path: string, say: Say): void {
  if (selector === undefined) return;
  for (const problem of selectorErrors(readSelector(selector), isCiliumKey)) say(path, problem);
}

/** A label key that may have one alphanumeric source in front. */
function isCiliumKey(key: string): boolean {
  const [first = '', second, ...more] = key.split(':');
  if (more.length > 0) return false;
  return second === undefined ? isLabelKey(first) : /^[A-Za-z0-9]+$/.test(first) && isLabelKey(second);
}
