import type { Applier, Client } from '../../kube/index.ts';
import { type KeptInstance, workloadOwner } from '../../workload/index.ts';
import { POD } from '../service/kinds.ts';
import type { WorkloadWorld } from './world.ts';

/** What is still there of an instance that nobody asks for any more. */
export interface Remains {
  readonly key: string;
  readonly instance: KeptInstance;
  /** Ids of its objects: what is kept, or is still on its way out. */
  readonly objects: readonly string[];
  readonly pods: number;
}

export interface RemainsOptions {
  readonly client: Client;
  readonly world: Pick<WorkloadWorld, 'isProvided'>;
  readonly applier: Applier;
}

/** Looks after instances that were made for a service and are no longer: of whatever operator their pods are. */
export function openRemains({ client, world, applier }: RemainsOptions) {
  const of = async (
    service: string,
    remembered: readonly KeptInstance[],
    signal: AbortSignal,
  ): Promise<readonly Remains[]> => {
    const namespace = service.slice(0, service.indexOf('/'));
    const found: Remains[] = [];
    for (const instance of remembered) {
      const key = `${namespace}/${instance.name}`;
      // Others use it, and remember it.
      if (world.isProvided(key)) continue;
      const objects = applier.plan(workloadOwner(key), []).map(({ id }) => id);
      const labelSelector = selectorText(instance);
      const pods = labelSelector === '' ? [] : await client.list(POD, { namespace, labelSelector, signal });
      if (objects.length + pods.length > 0) found.push({ key, instance, objects, pods: pods.length });
    }
    return found;
  };
  return {
    of,
    /** Without what is made for it now. */
    beside: (
      service: string,
      made: readonly KeptInstance[],
      remembered: readonly KeptInstance[],
      signal: AbortSignal,
    ): Promise<readonly Remains[]> =>
      of(
        service,
        remembered.filter(({ name }) => !made.some((each) => each.name === name)),
        signal,
      ),
  };
}

/** Why a service waits for them. */
export function textOfRemains(remains: readonly Remains[]): string {
  const each = remains.map(({ key, objects, pods }) => {
    const what = [...objects, ...(pods > 0 ? [`${pods} pods`] : [])].join(', ');
    return `${key} (${what})`;
  });
  return (
    `waits until what was made for it is gone, which its policies close until then: ${each.join('; ')}. ` +
    'Objects of a class hold data and are kept unless the class says template.onDelete: delete; delete them by hand'
  );
}

function selectorText({ spec }: KeptInstance): string {
  const { selector } = spec;
  const labels: unknown =
    typeof selector === 'object' && selector !== null && 'matchLabels' in selector ? selector.matchLabels : undefined;
  return Object.entries(typeof labels === 'object' && labels !== null ? labels : {})
    .map(([name, value]) => `${name}=${String(value)}`)
    .sort()
    .join(',');
}
