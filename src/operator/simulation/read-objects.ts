import { at, type Kind, keyOf, only, type Projection, refOf } from '../../kube/index.ts';
import { type PodOwner, type SimulatedPod, TEMPLATE_LABEL } from './decide-pods.ts';

/** A pod, as far as the simulation reads it. */
export interface Pod extends SimulatedPod {
  /** `Kind namespace/name` of what controls it; empty for nothing. */
  readonly owner: string;
  readonly containers: readonly { readonly name: string; readonly image: string }[];
}

export const POD_PROJECTION: Projection<Pod> = {
  mask: only(
    'metadata.labels',
    'metadata.ownerReferences',
    'spec.containers.name',
    'spec.containers.image',
    'status.conditions',
  ),
  of: podOf,
};

/** What asks for pods; undefined where it has no template. */
export function ownerProjection(kind: Kind): Projection<PodOwner | undefined> {
  return {
    mask: only('metadata.uid', 'metadata.generation', 'spec.replicas', 'spec.template'),
    of: (object, key) => ownerOf(object, key, kind),
  };
}

function podOf(object: unknown, key: string): Pod {
  const references = at(object, 'metadata', 'ownerReferences');
  const controller: unknown = Array.isArray(references)
    ? references.find((each: unknown) => at(each, 'controller') === true)
    : undefined;
  const conditions = at(object, 'status', 'conditions');
  const containers = at(object, 'spec', 'containers');
  const { namespace, name } = refOf(key);
  return {
    name,
    containers: (Array.isArray(containers) ? containers : []).map((each: unknown) => ({
      name: String(at(each, 'name')),
      image: String(at(each, 'image')),
    })),
    template: String(at(object, 'metadata', 'labels', TEMPLATE_LABEL)),
    ready:
      Array.isArray(conditions) &&
      conditions.some((each: unknown) => at(each, 'type') === 'Ready' && at(each, 'status') === 'True'),
    owner:
      controller === undefined
        ? ''
        : `${String(at(controller, 'kind'))} ${keyOf({ ...(namespace === undefined ? {} : { namespace }), name: String(at(controller, 'name')) })}`,
  };
}

function ownerOf(object: unknown, key: string, kind: Kind): PodOwner | undefined {
  const { namespace = '', name } = refOf(key);
  const template = at(object, 'spec', 'template');
  if (typeof template !== 'object' || template === null) return undefined;
  const [generation, replicas] = [at(object, 'metadata', 'generation'), at(object, 'spec', 'replicas')];
  return {
    apiVersion: 'apps/v1',
    kind: kind.kind,
    namespace,
    name,
    uid: String(at(object, 'metadata', 'uid')),
    generation: typeof generation === 'number' ? generation : 0,
    replicas: typeof replicas === 'number' ? replicas : 1,
    template: Object.fromEntries(Object.entries(template)),
  };
}
