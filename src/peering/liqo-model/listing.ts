import type { FilterRule, Match } from '../liqo/firewall-configuration.ts';
import type { KernelTable } from './table.ts';

/** A table as `nft list table` would show it, one rule per line, without counters. */
export function listing({ name, sets, chains }: KernelTable): string[] {
  return [
    `table ip ${name}`,
    ...sets.map((set) => `set ${set.name} { ${set.elements.join(', ')} }`),
    ...chains.flatMap((chain) => [
      `chain ${chain.name} { type ${chain.type} hook ${chain.hook} priority ${chain.priority}; policy ${chain.policy}; }`,
      ...chain.rules.map((rule) => `  ${lineOf(rule)}`),
    ]),
  ];
}

function lineOf({ name, action, match }: FilterRule): string {
  return [...match.flatMap(wordsOf), action, `comment "${name}"`].join(' ');
}

function wordsOf({ op, ip, port, proto, dev, ctstate }: Match): string[] {
  const not = op === 'neq' ? '!= ' : '';
  return [
    ...(ip ? [`ip ${ip.position === 'src' ? 'saddr' : 'daddr'} ${not}${ip.value}`] : []),
    ...(proto ? [`meta l4proto ${proto.value}`] : []),
    ...(port ? [`th ${port.position === 'src' ? 'sport' : 'dport'} ${not}${port.value}`] : []),
    ...(dev ? [`${dev.position}ifname ${not}"${dev.value}"`.replace('inif', 'iif').replace('outif', 'oif')] : []),
    ...(ctstate ? [`ct state ${not}${ctstate.value.join()}`] : []),
  ];
}
