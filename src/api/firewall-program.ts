/** A side of a firewall rule: addresses written out, or a named set whose members change while the rule stays. */
export type FirewallParty = { readonly cidrs: readonly string[] } | { readonly set: string };

/** One rule. A party that is left out is any address; no `protocol` is every protocol; no `ports` is every port of it. */
export interface FirewallRule {
  readonly name: string;
  readonly source?: FirewallParty;
  readonly destination?: FirewallParty;
  readonly action: 'allow' | 'deny';
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  /** Destination ports, inclusive; they ask for a `protocol`. */
  readonly ports?: readonly { readonly port: number; readonly endPort?: number }[];
}

/** Addresses without duplicates, sorted; IPv4 and IPv6 together, prefixes allowed. */
export interface FirewallSet {
  readonly name: string;
  readonly members: readonly string[];
}

/**
 * What the connectivity of one peering comes to, before an enforcer prints it. The first rule that matches decides, no
 * match accepts, packets of established flows are accepted first; several programs on a node must all accept.
 */
export interface FirewallProgram {
  /** `namespace/name` of the PeeringConnectivity, or of what else the program was made from. */
  readonly peering: string;
  /** Grows with every change of rules or sets. */
  readonly generation: number;
  /** True: the program is being removed and must let everything pass. */
  readonly disarmed: boolean;
  readonly rules: readonly FirewallRule[];
  readonly sets: readonly FirewallSet[];
}
