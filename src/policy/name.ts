import { hash } from 'node:crypto';
import { type UnitKey, unitId, type Workload } from '../graph/index.ts';

export const OWNER_LABELS = {
  managedBy: 'app.kubernetes.io/managed-by',
  kind: 'lattice.dev/owner-kind',
  namespace: 'lattice.dev/owner-namespace',
  name: 'lattice.dev/owner-name',
} as const;

/** 16 hex digits (64 bits) of the SHA-256 of `text`. */
export function shortHash(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 16);
}

/** A unit's stable identity in object names and labels: computed once per unit, shared by all of its objects. */
export interface Owner {
  readonly unit: UnitKey;
  /** Readable prefix and 64 bits of hash; at most 63 characters, so that it is a label value too. */
  readonly base: string;
  /** Labels that let an object be explained and pruned. */
  readonly labels: Readonly<Record<string, string>>;
}

const PREFIX_LENGTH = 63 - 'lattice--'.length - 16 - '-xxxxxxxx'.length;

/** The owner of a unit's objects. Object names are `base`, or `base-suffix` with a suffix of at most 8 characters. */
export function ownerOf(unit: UnitKey): Owner {
  const readable = readableName(unit);
  const tag = shortHash(unitId(unit));
  const namespace = 'namespace' in unit ? unit.namespace : undefined;
  return {
    unit,
    base: `lattice-${readable}-${tag}`,
    labels: labelsOf(unit.kind, namespace, unit.kind === 'service' ? unit.name : `${readable}-${tag}`),
  };
}

/**
 * The labels of {@link OWNER_LABELS}. The keys stand in the literal: an object with computed keys takes a shape of its own
 * once V8 has seen some 1,500 maps with different first keys, such as `resources` of that many services.
 */
function labelsOf(kind: UnitKey['kind'], namespace: string | undefined, name: string): OwnerLabels {
  if (namespace === undefined) {
    return {
      'app.kubernetes.io/managed-by': 'lattice',
      'lattice.dev/owner-kind': kind,
      'lattice.dev/owner-name': name,
    };
  }
  return {
    'app.kubernetes.io/managed-by': 'lattice',
    'lattice.dev/owner-kind': kind,
    'lattice.dev/owner-namespace': namespace,
    'lattice.dev/owner-name': name,
  };
}

type OwnerLabels = Readonly<Partial<Record<(typeof OWNER_LABELS)['namespace'], string>>> &
  Readonly<
    Record<Exclude<(typeof OWNER_LABELS)[keyof typeof OWNER_LABELS], (typeof OWNER_LABELS)['namespace']>, string>
  >;

/** The owner of a service's objects. */
export type OwnerOfService = (self: Workload) => Owner;

/** Makes each service's owner once, for all engines and for as long as the service looks the same. */
export function openOwnerBook(): OwnerOfService {
  const owners = new WeakMap<Workload, Owner>();
  return (self) => {
    const known = owners.get(self);
    if (known) return known;
    const owner = ownerOf({ kind: 'service', namespace: self.namespace, name: self.name });
    owners.set(self, owner);
    return owner;
  };
}

function readableName(unit: UnitKey): string {
  const text =
    unit.kind === 'service'
      ? unit.name
      : unit.kind === 'namespace'
        ? unit.namespace
        : unit.kind === 'host'
          ? unit.host
          : 'egress';
  const clean = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, PREFIX_LENGTH)
    .replace(/^-+|-+$/g, '');
  return clean === '' ? 'x' : clean;
}
