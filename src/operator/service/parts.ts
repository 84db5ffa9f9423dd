import { idOf, type KindName } from '../../kube/index.ts';
import type { Draft, Part } from '../../policy/index.ts';

/** Remembers what each object is for, also when it is no longer desired. */
export interface Parts {
  note(kind: KindName, draft: Draft): void;
  of(id: string): Part;
}

export function openParts(): Parts {
  const known = new Map<string, Part>();
  return {
    note(kind, { object, part }) {
      known.set(idOf(kind, object.metadata), part);
    },
    of: (id) => known.get(id) ?? guessed(id),
  };
}

/** What an earlier process left is told by its name: default deny is an object of its own at Cilium, and named so. */
function guessed(id: string): Part {
  return /-(deny|d[0-9a-f]{7})$/.test(id) ? 'deny' : 'grant';
}
