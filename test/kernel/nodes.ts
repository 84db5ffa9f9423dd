// What the kernel of a node holds, asked and disturbed from outside as an administrator would.
import { run } from './network.ts';
import type { Lab } from './lab.ts';
import type { NodeName } from './network.ts';

/** Runs a line of shell in a node, and answers what it prints. */
export function inNode(lab: Lab, node: NodeName, line: string): string {
  return run(`ip netns exec ${lab.network.space(node)} ${line}`);
}

/** Our tables of programs in a node. */
export function tablesOf(lab: Lab, node: NodeName): readonly string[] {
  const names = inNode(lab, node, 'nft list tables').matchAll(/^table inet (lattice_\S+_[0-9a-f]{16})$/gm);
  return [...names].map(([, name = '']) => name).toSorted();
}

/** Handles of the rules of a table: they change when, and only when, the rules are loaded again. */
export function handlesOf(lab: Lab, node: NodeName, table: string): string {
  const listed = inNode(lab, node, `nft -a -t list table inet ${table}`);
  return [...listed.matchAll(/# handle \d+/g)].join(' ');
}
