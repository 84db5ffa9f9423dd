import type { FirewallProgram, FirewallSet } from '../api/index.ts';
import { compact, memberOf } from './members.ts';
import { CUT_SETS, MARK_SET, MARK_TABLE, setNames, type SetForm, type Spelling, tableName, twinName } from './names.ts';
import { comment, ruleLines } from './rule-lines.ts';

/** What of one set changes in the kernel; texts as {@link memberOf} spells them. */
export interface MemberChange {
  readonly set: string;
  readonly add: readonly string[];
  readonly delete: readonly string[];
}

/** One direction of a connection that is cut. */
export interface CutPath {
  readonly family: 4 | 6;
  readonly protocol: string;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

const FAMILIES = [4, 6] as const;
const KEYWORD = { 4: 'ip', 6: 'ip6' } as const;
const PER_LINE = 200;

/**
 * The whole program as a script for `nft -f -` (nft 1.0.6 and later): one transaction that replaces the peering's own
 * table and nothing else, whatever was loaded before. A disarmed program leaves no table: everything passes.
 */
export function programScript(program: FirewallProgram): string {
  const table = tableName(program.peering);
  const clear = [`add table inet ${table}`, `delete table inet ${table}`];
  return lines(program.disarmed ? clear : [...clear, ...tableBlock(program, table, true)]);
}

/**
 * The same table under another name and without a hook: what the kernel makes of the program, to compare with. (A
 * dormant table would say the hooks too, but `nft -j` 1.0.6 prints a table with flags as broken JSON.)
 */
export function twinScript(program: FirewallProgram): string {
  return lines(tableBlock(program, twinName(tableName(program.peering)), false));
}

/**
 * Puts the rules and sets of `program` in place of those that its table holds: one transaction, or two where a set has
 * prefixes, because an interval tree is filled only after the rules over it are in force; so it is filled before. The
 * chains of the hooks stay: the kernel would run a new chain before the old one and let a packet between the two of
 * them, and it reads rules and sets at different moments, so that the old rules must keep the old sets.
 */
export function swapScripts(
  program: FirewallProgram,
  spelling: Spelling,
  oldSets: readonly string[],
  cuts: readonly CutPath[],
): readonly string[] {
  const table = tableName(program.peering);
  const forms = new Map(program.sets.map((set) => [set.name, formOf(set)]));
  const sets = program.sets.flatMap((set) =>
    memberSets(set, spelling).flatMap(({ name, declaration, elements }) => [
      `add set inet ${table} ${name} { ${declaration.join(' ')} }`,
      ...elementLines('add', table, name, elements),
    ]),
  );
  const rules = [
    `flush chain inet ${table} rules`,
    ...FAMILIES.map((family) => `flush set inet ${table} ${CUT_SETS[family]}`),
    ...ruleStatements(program, forms, spelling).map((statement) => `add rule inet ${table} rules ${statement}`),
    ...oldSets.map((name) => `delete set inet ${table} ${name}`),
    ...cutLines(table, cuts),
  ];
  const isFilledLate = [...forms.values()].includes('prefixes');
  return isFilledLate ? [lines(sets), lines(rules)] : [lines([...sets, ...rules])];
}

/** Adds and takes away members, in one transaction whose size is that of the change. */
export function memberScript(peering: string, changes: readonly MemberChange[], spelling: Spelling): string {
  const table = tableName(peering);
  return lines(
    changes.flatMap(({ set, add, delete: gone }) =>
      FAMILIES.flatMap((family) => {
        const name = setNames(set, 'addresses', spelling)[family];
        const ofFamily = (texts: readonly string[]) => texts.filter((text) => memberOf(text)?.family === family);
        return [
          ...elementLines('add', table, name, ofFamily(add)),
          // Added first: taking away what a foreign hand has taken away already would fail the transaction.
          ...elementLines('add', table, name, ofFamily(gone)),
          ...elementLines('delete', table, name, ofFamily(gone)),
        ];
      }),
    ),
  );
}

/** Cuts connections: their packets are dropped before the rule that accepts what is established. */
export function cutScript(peering: string, cuts: readonly CutPath[]): string {
  return lines(cutLines(tableName(peering), cuts));
}

/** Lets go of connections that were cut, also of some that the kernel has forgotten by itself. */
export function uncutScript(peering: string, cuts: readonly CutPath[]): string {
  const table = tableName(peering);
  return lines([...cutLines(table, cuts), ...cutLines(table, cuts, 'delete')]);
}

/** A line that makes a transaction recognisable in what `nft monitor` prints; it leaves by itself. */
export function markLines(mark: number): string {
  return lines([
    `add table inet ${MARK_TABLE}`,
    `add set inet ${MARK_TABLE} ${MARK_SET} { type mark; flags timeout; }`,
    `add element inet ${MARK_TABLE} ${MARK_SET} { ${mark} timeout 60s }`,
  ]);
}

/** The sets that hold the members of a program in one spelling. */
export function setsOf(program: FirewallProgram, spelling: Spelling): readonly string[] {
  return program.sets.flatMap((set) => memberSets(set, spelling).map(({ name }) => name));
}

export function deleteTableScript(table: string): string {
  return lines([`add table inet ${table}`, `delete table inet ${table}`]);
}

/** An interval tree only where a prefix is: it cannot take a member without reading all of them. */
function formOf(set: FirewallSet): SetForm {
  return set.members.some((text) => memberOf(text)?.isPrefix) ? 'prefixes' : 'addresses';
}

function tableBlock(program: FirewallProgram, table: string, hooked: boolean): readonly string[] {
  const hook = (name: string): readonly string[] =>
    hooked ? [`type filter hook ${name} priority filter + 10; policy accept;`] : [];
  const forms = new Map(program.sets.map((set) => [set.name, formOf(set)]));
  return [
    `table inet ${table} {`,
    `  ${comment(`peering ${program.peering}`)}`,
    ...FAMILIES.flatMap((family) => block(`set ${CUT_SETS[family]}`, cutDeclaration(family))),
    ...program.sets.flatMap((set) =>
      memberSets(set, 'first').flatMap(({ name, declaration, elements }) =>
        block(`set ${name}`, [...declaration, ...elementsBlock(elements)]),
      ),
    ),
    ...block('chain rules', ruleStatements(program, forms, 'first')),
    ...block('chain forward', [...hook('forward'), 'jump rules']),
    ...block('chain input', [
      ...hook('input'),
      // The node's own processes are outside of every program.
      'iifname "lo" accept',
      // Without neighbour discovery a pod that may talk could not find its node.
      'icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept',
      'jump rules',
    ]),
    '}',
  ];
}

function ruleStatements(
  program: FirewallProgram,
  forms: ReadonlyMap<string, SetForm>,
  spelling: Spelling,
): readonly string[] {
  const sets = { formOf: (name: string) => forms.get(name) ?? 'addresses', spelling };
  return [
    ...FAMILIES.map(
      (family) =>
        `${KEYWORD[family]} saddr . meta l4proto . th sport . ${KEYWORD[family]} daddr . th dport @${CUT_SETS[family]} counter drop ${comment('cut')}`,
    ),
    `ct state established,related counter accept ${comment('allow-established-related')}`,
    ...program.rules.flatMap((rule) => ruleLines(rule, sets)),
  ];
}

function memberSets(set: FirewallSet, spelling: Spelling) {
  const form = formOf(set);
  const names = setNames(set.name, form, spelling);
  return FAMILIES.map((family) => ({
    name: names[family],
    declaration: [
      `type ${family === 4 ? 'ipv4_addr' : 'ipv6_addr'};`,
      ...(form === 'prefixes' ? ['flags interval;'] : []),
    ],
    elements: compact(set.members, family),
  }));
}

function cutDeclaration(family: 4 | 6): readonly string[] {
  const type = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  return [`type ${type} . inet_proto . inet_service . ${type} . inet_service;`, 'flags timeout;', 'timeout 1h;'];
}

function cutLines(table: string, cuts: readonly CutPath[], verb: 'add' | 'delete' = 'add'): readonly string[] {
  return FAMILIES.flatMap((family) =>
    elementLines(
      verb,
      table,
      CUT_SETS[family],
      cuts
        .filter((cut) => cut.family === family)
        .map((cut) => [cut.source, cut.protocol, cut.sourcePort, cut.destination, cut.destinationPort].join(' . ')),
    ),
  );
}

function elementLines(
  verb: 'add' | 'delete',
  table: string,
  set: string,
  elements: readonly string[],
): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < elements.length; at += PER_LINE) {
    found.push(`${verb} element inet ${table} ${set} { ${elements.slice(at, at + PER_LINE).join(', ')} }`);
  }
  return found;
}

function elementsBlock(elements: readonly string[]): readonly string[] {
  if (elements.length === 0) return [];
  return ['elements = {', ...elements.map((each) => `  ${each},`), '}'];
}

function block(head: string, body: readonly string[]): readonly string[] {
  return [`  ${head} {`, ...body.map((line) => `    ${line}`), '  }'];
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}
