/** What Liqo's nodes load into nftables, as far as programs are printed with it. */
export interface FirewallConfiguration {
  readonly apiVersion: 'networking.liqo.io/v1beta1';
  readonly kind: 'FirewallConfiguration';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly table: FirewallTable };
}

export interface FirewallTable {
  readonly name: string;
  readonly family: 'IPV4';
  readonly sets?: readonly TableSet[];
  readonly chains: readonly Chain[];
}

export interface TableSet {
  readonly name: string;
  readonly keyType: 'ipv4_addr' | 'ipv4_cidr';
  readonly elements: readonly { readonly key: string }[];
}

export interface Chain {
  readonly name: string;
  readonly type: 'filter';
  readonly hook: 'forward' | 'input' | 'postrouting';
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
  readonly rules: { readonly filterRules: readonly FilterRule[] };
}

export interface FilterRule {
  readonly name: string;
  readonly action: 'accept' | 'drop';
  /** Written out: left out, Liqo's default is true. */
  readonly counter: boolean;
  readonly match: readonly Match[];
}

export interface Match {
  readonly op: 'eq' | 'neq';
  readonly ip?: { readonly position: 'src' | 'dst'; readonly value: string };
  readonly port?: { readonly position: 'src' | 'dst'; readonly value: string };
  readonly proto?: { readonly value: 'tcp' | 'udp' };
  readonly dev?: { readonly position: 'in' | 'out'; readonly value: string };
  readonly ctstate?: { readonly value: readonly ('new' | 'established' | 'related' | 'untracked' | 'invalid')[] };
}
