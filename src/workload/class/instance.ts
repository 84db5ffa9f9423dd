import type { Finding, LatticeExternalService, LatticeService } from '../../api/index.ts';
import type { Value } from '../value.ts';

/** A Secret that is made once, with random values: its content is never in anybody's hands but the API server's. */
export interface GeneratedSecret {
  readonly namespace: string;
  readonly name: string;
  /** Keys with a fixed value. */
  readonly fixed: Readonly<Record<string, string>>;
  /** Keys with a random one. */
  readonly random: readonly string[];
  /** Whether it outlives its users, like the data that it opens. */
  readonly keep: boolean;
}

/** An object as it is applied, made from a class's template. */
export interface ClassObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** What one resource of a class is: one per service and entry, or shared by those that give the same id. */
export type Instance =
  | { readonly kind: 'none'; readonly findings: readonly Finding[] }
  | {
      readonly kind: 'provided';
      readonly key: string;
      readonly className: string;
      /** Typed outputs; those that depend on the graph are added when they are asked for. */
      readonly outputs: ReadonlyMap<string, Value>;
      readonly endpoint?: string;
      /** The node of the graph that its users call. */
      readonly peer: {
        readonly type: 'service' | 'external_service';
        readonly id: string;
        readonly ports?: (string | number)[];
      };
      /** Whether `node` is that peer; else somebody declared it. */
      readonly declared: boolean;
      readonly node?: LatticeService | LatticeExternalService;
      readonly objects: readonly ClassObject[];
      readonly secret?: GeneratedSecret;
    };

/** A service that uses an instance. */
export interface Claim {
  readonly service: string;
  readonly entry: string;
  readonly type: string;
  readonly class: string;
  /** `namespace/name` of the instance. */
  readonly instance: string;
  /** Whether the service gave an id, so that others may use the same instance. */
  readonly shared: boolean;
  readonly params: Readonly<Record<string, unknown>>;
}
