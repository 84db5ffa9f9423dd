// A simulation: no program runs. It makes the pods that a Deployment or StatefulSet asks for, and calls them ready, so that
// a rollout can be seen where there is neither a kubelet nor Kubernetes' own controllers.
import { createWatch, type Kind, means, refOf, untyped, type Watch } from '../../kube/index.ts';
import type { Controller, ControllerContext, RunningController } from '../context.ts';
import { openLoop } from '../controller-loop.ts';
import { POD } from '../service/kinds.ts';
import { timeOf } from '../status/index.ts';
import { decidePods, type PodOwner } from './decide-pods.ts';
import { ownerProjection, type Pod, POD_PROJECTION } from './read-objects.ts';

const apps = (kind: string, plural: string): Kind =>
  untyped({ group: 'apps', version: 'v1', kind, plural, namespaced: true });
const OWNERS = [apps('Deployment', 'deployments'), apps('StatefulSet', 'statefulsets')];

export interface PodSimulationOptions {
  /** Makes the pods too. Without it they are only called ready: for a server with Kubernetes' own controllers. */
  readonly makesPods: boolean;
}

/** Simulated pods, for the embedded control plane and for tests. Never for a cluster with nodes. */
export function podSimulation(options: PodSimulationOptions): Controller {
  return { name: 'pod-simulation', start: (context) => startSimulation(context, options) };
}

function startSimulation(context: ControllerContext, { makesPods }: PodSimulationOptions): RunningController {
  const { client, clock, random } = context;
  const loop = openLoop(context);
  const { queue } = loop;
  const follow = <T>(
    kind: Kind,
    options: Pick<Parameters<typeof createWatch<T>>[1], 'projection' | 'onChange'>,
  ): Watch<T> => {
    const watch = createWatch<T>(client, { kind, clock, random, ...options });
    loop.scope.tasks.start(watch.run(loop.scope.signal));
    return watch;
  };
  const byOwner = new Map<string, Map<string, Pod>>();
  const pods = follow<Pod>(POD, {
    projection: POD_PROJECTION,
    onChange(change) {
      const pod = change.kind === 'deleted' ? change.before : change.after;
      const siblings = byOwner.get(pod.owner) ?? new Map<string, Pod>();
      byOwner.set(pod.owner, siblings);
      if (change.kind === 'deleted') siblings.delete(change.key);
      else siblings.set(change.key, pod);
      if (makesPods && pod.owner !== '') queue.add(pod.owner);
      if (change.kind !== 'deleted' && !pod.ready) queue.add(`Pod ${change.key}`);
    },
  });
  const owners = makesPods
    ? OWNERS.map((kind) => ({
        kind,
        watch: follow<PodOwner | undefined>(kind, {
          projection: ownerProjection(kind),
          onChange: (change) => queue.add(`${kind.kind} ${change.key}`),
        }),
      }))
    : [];
  const markReady = async (key: string, call: AbortSignal): Promise<void> => {
    const status = readyStatus(pods.store.get(key), timeOf(clock));
    await client.mergePatch(POD, refOf(key), { status }, { signal: call, subresource: 'status' });
  };
  const settle = async (id: string, call: AbortSignal): Promise<void> => {
    const [kindName = '', key = ''] = id.split(' ');
    if (kindName === 'Pod') return markReady(key, call);
    const known = owners.find(({ kind }) => kind.kind === kindName);
    const owner = known?.watch.store.get(key);
    if (!known || !owner) return;
    const plan = decidePods(owner, [...(byOwner.get(id)?.values() ?? [])]);
    for (const pod of plan.create) await client.create(POD, pod, { signal: call }).catch(ignore('alreadyExists'));
    for (const name of plan.remove)
      await client.delete(POD, { namespace: owner.namespace, name }, { signal: call }).catch(ignore('notFound'));
    await client.mergePatch(known.kind, refOf(key), { status: plan.status }, { signal: call, subresource: 'status' });
  };
  return loop.run({
    workers: 4,
    caches: [pods, ...owners.map(({ watch }) => watch)],
    // What the watches told until now is in the queue.
    begin: () => undefined,
    reconcile: async (id, call) => {
      await settle(id, call).catch(ignore('notFound'));
      return undefined;
    },
    named: (id) => ({ id }),
  });
}

function ignore(meaning: 'alreadyExists' | 'notFound'): (error: unknown) => undefined {
  return (error) => {
    if (!means(error, meaning)) throw error;
    return undefined;
  };
}

/** As a kubelet writes it, of a pod whose containers all run. */
function readyStatus(pod: Pod | undefined, now: string): object {
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: now,
  }));
  const containerStatuses = (pod?.containers ?? []).map(({ name, image }) => ({
    name,
    image,
    imageID: '',
    ready: true,
    restartCount: 0,
    state: { running: { startedAt: now } },
  }));
  return { phase: 'Running', conditions, containerStatuses };
}
