import type { Labels } from '../../graph/index.ts';
import { apiVersionOf, at, type JsonObject, type KindName, only, type Projection } from '../../kube/index.ts';

/** A policy of another author, as far as an engine reads it. */
export type ForeignObject = Readonly<Record<string, unknown>>;

const METADATA = ['name', 'namespace', 'creationTimestamp'] as const;
/** Istio reads it: such a policy enforces nothing. */
const DRY_RUN = 'istio.io/dry-run';

/** The projection for watches over kinds that Lattice does not write. */
export function foreignProjection(kind: KindName): Projection<ForeignObject> {
  return {
    mask: only('metadata.creationTimestamp', ['metadata', 'annotations', DRY_RUN], 'spec', 'specs'),
    of: (object) => foreignOf(kind, object),
  };
}

/** What is kept of the object: no managed fields, and none of the annotations that kubectl and others leave. */
export function foreignOf(kind: KindName, object: JsonObject): ForeignObject {
  const { metadata, spec, specs } = object;
  const dryRun = at(metadata, 'annotations', DRY_RUN);
  return {
    // Items of a list of a built-in kind come without these.
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: {
      ...Object.fromEntries(METADATA.flatMap((name) => pair(name, at(metadata, name)))),
      ...(dryRun === undefined ? {} : { annotations: { [DRY_RUN]: dryRun } }),
    },
    ...(spec === undefined ? {} : { spec }),
    ...(specs === undefined ? {} : { specs }),
  };
}

/** The labels of any object. */
export function labelsOf({ metadata }: JsonObject): Labels {
  const labels = at(metadata, 'labels');
  return Object.fromEntries(
    Object.entries(typeof labels === 'object' && labels !== null ? labels : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

function pair(name: string, value: unknown): readonly (readonly [string, unknown])[] {
  return value === undefined ? [] : [[name, value]];
}
