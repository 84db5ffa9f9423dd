import type { LatticeExternalService } from '../api/index.ts';
import type { Port } from '../graph/index.ts';
import type { Instance } from './class/instance.ts';

/** What templates may ask of the cluster as a whole. No secrets. */
export interface ClusterValues {
  /** Cilium's name of the cluster. */
  readonly name: string;
  /** Such as `cluster.local`. */
  readonly domain: string;
  readonly trustDomain: string;
  /** Further values of `${cluster.KEY}`. */
  readonly more: Readonly<Record<string, string>>;
  /** Values of `${env.KEY}`. */
  readonly env: Readonly<Record<string, string>>;
}

/** What is known of a service that is called. */
export interface Callee {
  /** Its ports that both sides agree on; empty without an agreement. */
  readonly agreed: readonly Port[];
  /** Its ports, whether agreed or not. */
  readonly ports: readonly Port[];
}

/** Everything outside of a service that its rendering may depend on, asked for by key. */
export interface Surroundings {
  readonly cluster: ClusterValues;
  /** Undefined: no such service is declared. */
  readonly callee: (caller: string, callee: string) => Callee | undefined;
  /** Undefined: no such external service is declared. */
  readonly external: (key: string) => LatticeExternalService | undefined;
  /** Names of the endpoints that the caller may call. */
  readonly agreedEndpoints: (caller: string, external: string) => readonly string[];
  /** What an entry of a service's resources got from a class; undefined: no class provides it. */
  readonly instance: (service: string, entry: string) => Instance | undefined;
  /** The ConfigMap `lattice-config` of a namespace: values of `${config.KEY}`. */
  readonly config: (namespace: string) => Readonly<Record<string, string>>;
}
