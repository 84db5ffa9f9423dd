import { parseCidr } from '../../api/index.ts';
import type { Chain, FirewallConfiguration, Match } from '../liqo/firewall-configuration.ts';

/**
 * Why Liqo's webhook would refuse a FirewallConfiguration: its rules for filter tables, one line per breach. `others`
 * are the FirewallConfigurations of the cluster, `before` the object that this one replaces.
 */
export function refusals(
  object: FirewallConfiguration,
  others: readonly FirewallConfiguration[] = [],
  before?: FirewallConfiguration,
): string[] {
  const { table } = object.spec;
  const found: string[] = [];
  if (table.name === '') found.push('the table has no name');
  if (before && before.spec.table.name !== table.name) found.push('table name is immutable');
  for (const other of others) {
    const own = other.metadata.name === object.metadata.name && other.metadata.namespace === object.metadata.namespace;
    if (!own && other.spec.table.name === table.name && sameLabels(object, other))
      found.push(`table name ${table.name} with these labels is used by ${other.metadata.name}`);
  }
  found.push(...repeated(table.chains.map(({ name }) => name)).map((name) => `duplicate chain ${name}`));
  const sets = table.sets ?? [];
  found.push(...repeated(sets.map(({ name }) => name)).map((name) => `duplicate set ${name}`));
  for (const { name, keyType, elements } of sets) {
    if (!/^[a-zA-Z][a-zA-Z0-9/\\_.]*$/.test(name) || name.length > 200) found.push(`invalid set name ${name}`);
    for (const { key } of elements)
      if (!isIPv4(key, keyType === 'ipv4_cidr')) found.push(`set ${name}: set element has invalid IP value ${key}`);
  }
  const names = new Set(sets.map(({ name }) => name));
  return [...found, ...table.chains.flatMap((chain) => chainRefusals(chain, names))];
}

function chainRefusals({ name, rules }: Chain, sets: ReadonlySet<string>): string[] {
  const named = rules.filterRules.map((rule) => rule.name);
  return [
    ...repeated(named).map((rule) => `chain ${name}: duplicate rule ${rule}`),
    ...(named.includes('') ? [`chain ${name}: a rule without a name`] : []),
    ...rules.filterRules.flatMap(({ match }) => match.flatMap((each) => matchRefusals(each, sets))),
  ];
}

function matchRefusals({ ip }: Match, sets: ReadonlySet<string>): string[] {
  if (!ip) return [];
  const { value } = ip;
  if (value.startsWith('@')) return sets.has(value.slice(1)) ? [] : [`set ${value} is not declared`];
  const [from = '', to, ...rest] = value.split('-');
  if (to === undefined) return isIPv4(value, true) ? [] : [`invalid match value IP ${value}`];
  const [first, last] = [parseCidr(from), parseCidr(to)];
  if (rest.length > 0 || !first || !last) return [`invalid match value IP ${value}`];
  return first.first > last.first ? [`the range ${value} ends before it begins`] : [];
}

function isIPv4(text: string, prefix: boolean): boolean {
  return parseCidr(text)?.family === 4 && (prefix || !text.includes('/'));
}

function sameLabels(a: FirewallConfiguration, b: FirewallConfiguration): boolean {
  const text = ({ metadata }: FirewallConfiguration): string =>
    Object.entries(metadata.labels)
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join();
  return text(a) === text(b);
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
