// The port side of a CiliumNetworkPolicy's rule.
import { icmpType } from './icmp.ts';
import { filterKey, portMatch, protocolsOf } from './port.ts';
import { countOf, type Fields, fieldsOf, itemsOf, textOf } from './read.ts';
import { NO_PROXY, type Proxy, type RulePort } from './rule.ts';

/** The ports of a rule at `path`; undefined if it has neither toPorts nor icmps, so that all ports match (C4). */
export function rulePortsOf(
  rule: Fields,
  path: string,
  isDeny: boolean,
  outside: 'disregarded' | 'unknown',
): readonly RulePort[] | undefined {
  const portRules = itemsOf(rule.toPorts) ?? [];
  const icmps = itemsOf(rule.icmps) ?? [];
  if (portRules.length + icmps.length === 0) return undefined;
  return [
    ...portRules.flatMap((item, index) => portsOf(fieldsOf(item), `${path}.toPorts[${index}]`, isDeny, outside)),
    ...icmps.flatMap((item) => icmpPortsOf(fieldsOf(item))),
  ];
}

function portsOf(portRule: Fields, path: string, isDeny: boolean, outside: 'disregarded' | 'unknown'): RulePort[] {
  const unmodelled =
    isDeny || outside === 'disregarded' ? undefined : UNMODELLED.find((field) => portRule[field] !== undefined);
  return (itemsOf(portRule.ports) ?? []).flatMap((item) => {
    const { port, endPort, protocol } = fieldsOf(item);
    return protocolsOf(textOf(protocol)).map((each) => ({
      match: portMatch(each, textOf(port) ?? '0', typeof endPort === 'number' ? endPort : 0),
      filter: filterKey(each, textOf(port) ?? '0', typeof endPort === 'number' ? endPort : 0),
      proxy: isDeny ? NO_PROXY : proxyOf(portRule, each === 'TCP'),
      ...(unmodelled ? { unmodelled: `${path}.${unmodelled}` } : {}),
    }));
  });
}

/** Whether these let traffic through depends on secrets and Envoy configuration that policies only name. */
const UNMODELLED = ['terminatingTLS', 'originatingTLS', 'listener'] as const;

function proxyOf(portRule: Fields, isTcp: boolean): Proxy {
  const rules = fieldsOf(portRule.rules);
  const serverNames = countOf(portRule.serverNames) > 0;
  const settingOf = (field: 'terminatingTLS' | 'originatingTLS'): string =>
    portRule[field] === undefined ? '' : JSON.stringify(portRule[field]);
  const tls = serverNames || portRule.terminatingTLS !== undefined || portRule.originatingTLS !== undefined;
  const layer7 = countOf(rules.dns) > 0 ? 'dns' : isTcp && countOf(rules.http) > 0 ? 'http' : tls ? 'tls' : 'none';
  const listener = portRule.listener === undefined ? undefined : fieldsOf(portRule.listener);
  const parser = listener ? 'crd' : layer7;
  const rank = listener?.priority;
  return {
    parser,
    serverNames,
    listener: listener ? listenerName(listener) : '',
    rank: typeof rank === 'number' && rank !== 0 ? rank : RANKS[parser],
    terminatingTls: settingOf('terminatingTLS'),
    originatingTls: settingOf('originatingTLS'),
    ofNamespace: fieldsOf(listener?.envoyConfig).kind === 'CiliumEnvoyConfig',
  };
}

/** How early each proxy is asked where a listener names no priority of its own (l4.go). */
const RANKS: Readonly<Record<Proxy['parser'], number>> = { none: 0, http: 101, tls: 116, dns: 121, crd: 126 };

/** A listener of the endpoint's own namespace, unless its configuration is a clusterwide one. */
function listenerName(listener: Fields): string {
  const { kind, name } = fieldsOf(listener.envoyConfig);
  const scope = kind === 'CiliumClusterwideEnvoyConfig' ? 'cluster' : 'namespace';
  return `${scope}/${textOf(name) ?? ''}/${textOf(listener.name) ?? ''}`;
}

function icmpPortsOf(icmp: Fields): RulePort[] {
  return (itemsOf(icmp.fields) ?? []).flatMap((item): RulePort[] => {
    const { family, type } = fieldsOf(item);
    const isV6 = family === 'IPv6';
    const number =
      typeof type === 'string' || typeof type === 'number' ? icmpType(isV6 ? 'IPv6' : 'IPv4', type) : undefined;
    if (number === undefined) return [];
    const protocol = isV6 ? 'ICMPv6' : 'ICMP';
    // Type 0 is a missing port to the policy map: every type of the family.
    return [
      {
        match: number === 0 ? { kind: 'any', protocol } : { kind: 'range', protocol, first: number, last: number },
        filter: filterKey(protocol, String(number), 0),
        proxy: NO_PROXY,
      },
    ];
  });
}
