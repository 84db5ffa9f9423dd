import { isDeepStrictEqual } from 'node:util';
import { type Issue, type LatticeExternalService, type LatticeService, parseObject } from '../../api/index.ts';
import { allBut, type KindName, apiVersionOf, type Projection } from '../../kube/index.ts';
import { statusWithKept } from '../../workload/index.ts';
import { readStatus, type Status } from '../status/index.ts';

/** What is kept of a LatticeService or LatticeExternalService. */
export interface Declaration<T extends LatticeService | LatticeExternalService> {
  readonly uid: string;
  readonly generation: number;
  /** Undefined when it says something that Lattice cannot read, which `issues` names. */
  readonly value: T | undefined;
  readonly issues: readonly Issue[];
  readonly status: Status | undefined;
}

/** Reads declarations of one kind as a watch delivers them. */
export function declarationProjection<T extends LatticeService | LatticeExternalService>(
  kind: KindName & { readonly kind: T['kind'] },
): Projection<Declaration<T>> {
  return {
    mask: allBut('metadata.managedFields'),
    of(object) {
      const { status, ...declared } = object;
      const parsed = parseObject({
        ...declared,
        ...statusWithKept(status),
        apiVersion: apiVersionOf(kind),
        kind: kind.kind,
      });
      const metadata = object['metadata'];
      return {
        uid: stringIn(metadata, 'uid'),
        generation: numberIn(metadata, 'generation'),
        value: parsed.ok && isOf<T>(parsed.value, kind.kind) ? parsed.value : undefined,
        issues: parsed.ok ? [] : parsed.issues,
        status: readStatus(status),
      };
    },
    equal: (a, b) => isSame(a, b) && isDeepStrictEqual(a.status, b.status),
  };
}

type Said = Pick<Declaration<LatticeService | LatticeExternalService>, 'uid' | 'generation' | 'value'>;

/** Whether both say the same: the server counts the generation up with every change of the spec. */
export function isSame(a: Said, b: Said): boolean {
  return a.uid === b.uid && a.generation === b.generation && isDeepStrictEqual(a.value?.status, b.value?.status);
}

function isOf<T extends LatticeService | LatticeExternalService>(
  value: { readonly kind: string },
  kind: T['kind'],
): value is T {
  return value.kind === kind;
}

function stringIn(metadata: unknown, name: string): string {
  const value: unknown = typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, name) : undefined;
  return typeof value === 'string' ? value : '';
}

function numberIn(metadata: unknown, name: string): number {
  const value: unknown = typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, name) : undefined;
  return typeof value === 'number' ? value : 0;
}
