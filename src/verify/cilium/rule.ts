// A policy rule as the engine keeps it, whatever kind of object it came from.
import type { ObjectRef } from '../verdict.ts';
import type { PortMatch } from './port.ts';
import type { Selector } from './selector.ts';

export type Direction = 'egress' | 'ingress';

/** Lower tiers are asked first (C31); CiliumNetworkPolicy and NetworkPolicy live in `normal`. */
export const TIERS = { admin: 100, normal: 200, baseline: 250 } as const;

/** One ingress or egress rule of one object. */
export interface Rule {
  readonly ref: ObjectRef;
  /** Position among rules of equal tier and priority: the engine goes by object, then by place inside it. */
  readonly order: string;
  readonly direction: Direction;
  readonly action: 'allow' | 'deny' | 'pass';
  readonly tier: number;
  /** Within the tier, lower is asked first. */
  readonly priority: number;
  /** True if the rule isolates its subjects in its direction. */
  readonly defaultDeny: boolean;
  readonly subject: Selector;
  /** Peers; `nobody` matches nothing, an empty list with ports matches everybody (C3). */
  readonly peers: 'nobody' | readonly Selector[];
  /** Undefined: no port section, every port and protocol, ICMP too (C4, surprise 7). Present and empty: none. */
  readonly ports: readonly RulePort[] | undefined;
  /** The mutual authentication that the rule demands; empty if it says nothing. */
  readonly authentication: string;
  /** Path of a field that the evaluator does not model and on which the rule's effect depends. */
  readonly unmodelled?: string;
}

export interface RulePort {
  readonly match: PortMatch;
  /** Ports with equal filters are merged by the engine; see filterKey. */
  readonly filter: string;
  readonly proxy: Proxy;
  /** Path of a field that decides what the proxy does and is not modelled. */
  readonly unmodelled?: string;
}

/** Which proxy a port's traffic goes to; it decides which rules can be merged, not whether traffic enters. */
export interface Proxy {
  readonly parser: 'none' | 'tls' | 'http' | 'dns' | 'crd';
  readonly serverNames: boolean;
  /** Tell apart TLS contexts that cannot be merged; empty if there is none. */
  readonly terminatingTls: string;
  readonly originatingTls: string;
  /** The listener by its full name, empty without one, and how early it is asked: lower takes precedence. */
  readonly listener: string;
  readonly rank: number;
  /** Whether the listener is one of the endpoint's namespace, so that an endpoint without one has none. */
  readonly ofNamespace: boolean;
}

export const NO_PROXY: Proxy = {
  parser: 'none',
  serverNames: false,
  terminatingTls: '',
  originatingTls: '',
  listener: '',
  rank: 0,
  ofNamespace: false,
};
