// How Liqo's nodes apply a FirewallConfiguration to nftables, as found by running Liqo's own code (V9 to V19).
import type { Chain, FilterRule, FirewallTable, Match } from '../liqo/firewall-configuration.ts';

/** A table of a node's kernel. */
export interface KernelTable {
  readonly name: string;
  readonly chains: readonly KernelChain[];
  readonly sets: readonly KernelSet[];
}

export interface KernelChain extends Omit<Chain, 'rules'> {
  readonly rules: readonly FilterRule[];
}

export interface KernelSet {
  readonly name: string;
  readonly keyType: 'ipv4_addr' | 'ipv4_cidr';
  /** What the kernel holds, which is not always what was asked for. */
  readonly elements: readonly string[];
}

/**
 * The states that a node goes through when it applies a table: one per transaction. Rules are known by their name, and a
 * changed one is taken out in the first transaction and appended at the end in the second (V11, V12).
 */
export function applyTable(kernel: KernelTable | undefined, spec: FirewallTable): readonly [KernelTable, KernelTable] {
  const start: KernelTable = kernel ?? { name: spec.name, chains: [], sets: [] };
  const cleaned = clean(start, spec);
  return [cleaned, fill(cleaned, spec)];
}

function clean(kernel: KernelTable, spec: FirewallTable): KernelTable {
  const chains = kernel.chains.flatMap((chain) => {
    const wanted = spec.chains.find(({ name }) => name === chain.name);
    if (!wanted || !sameChain(chain, wanted)) return [];
    const rules = chain.rules.filter((rule) => {
      const meant = wanted.rules.filterRules.find(({ name }) => name === rule.name);
      return meant !== undefined && looksEqual(rule, meant);
    });
    return [{ ...chain, rules }];
  });
  const sets = kernel.sets.flatMap((set) => {
    const wanted = spec.sets?.find(({ name }) => name === set.name);
    // Found by name alone: another type of keys is not noticed.
    return wanted ? [{ ...set, elements: installed(wanted.elements.map(({ key }) => key)) }] : [];
  });
  return { ...kernel, chains, sets };
}

function fill(kernel: KernelTable, spec: FirewallTable): KernelTable {
  const added = (spec.sets ?? []).filter(({ name }) => !kernel.sets.some((set) => set.name === name));
  const sets = [
    ...kernel.sets,
    ...added.map(({ name, keyType, elements }) => ({
      name,
      keyType,
      elements: installed(elements.map(({ key }) => key)),
    })),
  ];
  const fresh = spec.chains.filter(({ name }) => !kernel.chains.some((chain) => chain.name === name));
  const chains = [...kernel.chains, ...fresh.map((chain): KernelChain => ({ ...chain, rules: [] }))];
  return {
    ...kernel,
    sets,
    chains: chains.map((chain) => {
      const wanted = spec.chains.find(({ name }) => name === chain.name)?.rules.filterRules ?? [];
      const missing = wanted.filter(({ name }) => !chain.rules.some((rule) => rule.name === name));
      return { ...chain, rules: [...chain.rules, ...missing] };
    }),
  };
}

/** The length of a netlink message's list is 16 bits: whole blocks of 4,096 elements are lost (V14). */
function installed(keys: readonly string[]): readonly string[] {
  return keys.slice(0, keys.length % 4096);
}

function sameChain(a: Omit<Chain, 'rules'>, b: Omit<Chain, 'rules'>): boolean {
  return a.type === b.type && a.hook === b.hook && a.priority === b.priority && a.policy === b.policy;
}

/** Expressions are compared as sets, so that a rule with its sides swapped counts as the same (V13). */
function looksEqual(a: FilterRule, b: FilterRule): boolean {
  const one = expressions(a);
  const other = expressions(b);
  return one.length === other.length && one.every((expression) => other.includes(expression));
}

function expressions({ action, match }: FilterRule): string[] {
  return [...match.flatMap(expressionsOf), `verdict ${action}`];
}

function expressionsOf({ op, ip, port, proto, dev, ctstate }: Match): string[] {
  return [
    ...(ip ? addressExpressions(op, ip.position, ip.value) : []),
    ...(port ? [`load port ${port.position}`, `compare ${op} ${port.value}`] : []),
    ...(proto ? ['load protocol', `compare eq ${proto.value}`] : []),
    ...(dev ? [`load device ${dev.position}`, `compare ${op} ${dev.value}`] : []),
    ...(ctstate ? ['load ct state', `compare ${op} ${ctstate.value.join()}`] : []),
  ];
}

function addressExpressions(op: string, position: string, value: string): string[] {
  const load = `load ip ${position}`;
  if (value.startsWith('@')) return [load, `lookup ${op} ${value}`];
  if (value.includes('-')) return [load, `range ${op} ${value}`];
  const [address, prefix] = value.split('/');
  return prefix === undefined
    ? [load, `compare ${op} ${address}`]
    : [load, `mask ${prefix}`, `compare ${op} ${address}`];
}
