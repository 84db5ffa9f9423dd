import { type Client, type Desired, FIELD_MANAGER, type KubeObject, means, ownedPart } from '../../kube/index.ts';

/** Holds the number of pods between Lattice, which sets a fixed one, and an autoscaler, which chooses one. */
const MANAGER = 'lattice-replicas';

/**
 * To be called before a Deployment or StatefulSet is applied that says no number of pods: an applied field that is said no more
 * is removed, and the number would fall to the default of 1 until the autoscaler looks. The number that stands is taken over first.
 */
export async function handOverReplicas({ kind, object }: Desired, client: Client, signal: AbortSignal): Promise<void> {
  const live = await client.find(kind, object.metadata, { signal });
  const ours = live && replicasOf(ownedPart(live, FIELD_MANAGER));
  if (live && ours !== undefined) await writeReplicas(live, { kind, object }, ours, client, signal);
}

/** To be called after one was made: it begins with `least`, not with the default of 1. */
export async function beginWith(
  least: number,
  { kind, object }: Desired,
  client: Client,
  signal: AbortSignal,
): Promise<void> {
  const live = await client.find(kind, object.metadata, { signal });
  if (live && (replicasOf(live) ?? 1) < least) await writeReplicas(live, { kind, object }, least, client, signal);
}

/** Whether a number of pods is left to an autoscaler; its least one. */
export function leastReplicas({ object }: Desired, desired: readonly Desired[]): number | undefined {
  if (object.kind !== 'Deployment' && object.kind !== 'StatefulSet') return undefined;
  if (replicasOf(object) !== undefined) return undefined;
  const autoscaler = desired.find(
    (each) => each.object.kind === 'HorizontalPodAutoscaler' && each.object.metadata.name === object.metadata.name,
  );
  return autoscaler && numberIn(specOf(autoscaler.object), 'minReplicas');
}

async function writeReplicas(
  live: KubeObject,
  { kind, object }: Desired,
  replicas: number,
  client: Client,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace, uid } = live.metadata;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) };
  const body: KubeObject & { spec: object } = {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata,
    spec: { replicas },
  };
  try {
    await client.apply(kind, body, { signal, manager: MANAGER });
  } catch (error) {
    // An autoscaler was faster, and its number holds; or the object is another one now.
    if (!means(error, 'fieldConflict', 'conflict', 'notFound')) throw error;
  }
}

function replicasOf(object: unknown): number | undefined {
  return numberIn(specOf(object), 'replicas');
}

function specOf(object: unknown): unknown {
  return typeof object === 'object' && object !== null && 'spec' in object ? object.spec : undefined;
}

function numberIn(value: unknown, name: string): number | undefined {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === 'number' ? found : undefined;
}
