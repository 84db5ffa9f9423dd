import type { Finding } from '../api/index.ts';
import type { UnitKey } from '../graph/index.ts';

/** A Kubernetes object as it will be written: plain data, no undefined values. Parts may be shared and are never changed. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: unknown;
}

/** What an object is for, so that the order of writes can be kept: exemptions, then grants, then default deny. */
export type Part = 'exemption' | 'grant' | 'deny';

/** An object that a unit desires. */
export interface Draft {
  readonly unit: UnitKey;
  readonly part: Part;
  readonly object: KubernetesObject;
}

/** What compiling one unit gives: objects, and what could not be compiled and why (each error finding closes an edge). */
export interface Compiled {
  readonly drafts: readonly Draft[];
  readonly findings: readonly Finding[];
}

export const NOTHING: Compiled = { drafts: [], findings: [] };
