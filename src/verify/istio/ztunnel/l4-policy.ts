// The policy form that istiod sends to ztunnel, and how ztunnel matches it against one connection.
import type { ObjectRef } from '../../verdict.ts';
import { type Address, type Block, contains } from '../address.ts';
import type { Identity } from '../mesh.ts';
import { allOf, anyOf, type Truth } from '../truth.ts';

/** How one text is compared; `presence` = anything but the empty text. A `*` in the middle is literal (Z10). */
export interface TextMatch {
  readonly kind: 'exact' | 'prefix' | 'suffix' | 'presence';
  readonly text: string;
}

export interface ServiceAccountMatch {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** One `from`, `to` or `when` entry: all of its fields must hold, any value within a field. */
export interface L4Match {
  readonly namespaces: readonly TextMatch[];
  readonly notNamespaces: readonly TextMatch[];
  readonly serviceAccounts: readonly ServiceAccountMatch[];
  readonly notServiceAccounts: readonly ServiceAccountMatch[];
  readonly principals: readonly TextMatch[];
  readonly notPrincipals: readonly TextMatch[];
  readonly sourceIps: readonly Block[];
  readonly notSourceIps: readonly Block[];
  readonly destinationIps: readonly Block[];
  readonly notDestinationIps: readonly Block[];
  readonly ports: readonly number[];
  readonly notPorts: readonly number[];
}

/**
 * Matches when every clause has an entry that matches: without clauses everything, with an empty clause nothing.
 * Entries that never match are left out.
 */
export interface L4Rule {
  readonly object: ObjectRef;
  readonly clauses: readonly (readonly L4Match[])[];
}

export interface L4Policy {
  /** `namespace/name` under which istiod sends it. */
  readonly key: string;
  readonly object: ObjectRef;
  readonly action: 'ALLOW' | 'DENY';
  /** Attached but only logged (Z9). */
  readonly dryRun: boolean;
  readonly rules: readonly L4Rule[];
}

/** What ztunnel sees of a connection. */
export interface Connection {
  readonly identity: Identity | undefined;
  readonly sourceIp: Address | undefined;
  readonly destinationIp: Address | undefined;
  /** The container port (I12). */
  readonly port: number;
}

export const NOTHING: L4Match = {
  namespaces: [],
  notNamespaces: [],
  serviceAccounts: [],
  notServiceAccounts: [],
  principals: [],
  notPrincipals: [],
  sourceIps: [],
  notSourceIps: [],
  destinationIps: [],
  notDestinationIps: [],
  ports: [],
  notPorts: [],
};

/** Whether the rule holds for the connection. */
export function ruleMatches(rule: L4Rule, connection: Connection): Truth {
  return allOf(rule.clauses, (clause) => anyOf(clause, (match) => entryMatches(match, connection)));
}

/** True for an entry without any field: it never matches, and so voids the clause it stands in alone (Z1). */
export function isVoid(match: L4Match): boolean {
  return Object.values(match).every((values: readonly unknown[]) => values.length === 0);
}

/** The hot path: millions of questions end here, most of them at the first field that differs. */
function entryMatches(match: L4Match, { identity, port, sourceIp, destinationIp }: Connection): Truth {
  const { ports, notPorts, principals, notPrincipals, namespaces, notNamespaces } = match;
  if ((ports.length > 0 && !ports.includes(port)) || notPorts.includes(port)) return false;
  if (principals.length > 0 && !principals.some((wanted) => hasPrincipal(wanted, identity))) return false;
  if (notPrincipals.some((wanted) => hasPrincipal(wanted, identity))) return false;
  const namespace = identity?.namespace ?? '';
  if (namespaces.length > 0 && !namespaces.some((wanted) => textMatches(wanted, namespace))) return false;
  if (notNamespaces.some((wanted) => textMatches(wanted, namespace))) return false;
  const { serviceAccounts, notServiceAccounts } = match;
  if (serviceAccounts.length > 0 && !serviceAccounts.some((wanted) => isAccount(wanted, identity))) return false;
  if (notServiceAccounts.some((wanted) => isAccount(wanted, identity))) return false;
  const source = blocksMatch(match.sourceIps, match.notSourceIps, sourceIp, 'SourceIpUnknown');
  if (source === false) return false;
  const destination = blocksMatch(match.destinationIps, match.notDestinationIps, destinationIp, 'DestinationIpUnknown');
  return destination === true ? source : destination;
}

function blocksMatch(
  wanted: readonly Block[],
  unwanted: readonly Block[],
  address: Address | undefined,
  unknown: string,
): Truth {
  if (wanted.length === 0 && unwanted.length === 0) return true;
  if (!address) return unknown;
  const within = (block: Block) => contains(block, address);
  return (wanted.length === 0 || wanted.some(within)) && !unwanted.some(within);
}

/** Without identity there is no principal to compare, not even an empty one (I14). */
function hasPrincipal(wanted: TextMatch, identity: Identity | undefined): boolean {
  return identity !== undefined && textMatches(wanted, identity.principal);
}

function isAccount(wanted: ServiceAccountMatch, identity: Identity | undefined): boolean {
  return wanted.namespace === identity?.namespace && wanted.serviceAccount === identity.serviceAccount;
}

function textMatches(wanted: TextMatch, text: string): boolean {
  switch (wanted.kind) {
    case 'exact':
      return text === wanted.text;
    case 'prefix':
      return text.startsWith(wanted.text);
    case 'suffix':
      return text.endsWith(wanted.text);
    case 'presence':
      return text !== '';
  }
}
