import type { FirewallProgram } from '../../api/index.ts';
import { means, messageOf, refOf } from '../../kube/index.ts';
import { clusterIdOf, namesOf } from '../../peering/index.ts';
import { lifeOf } from './coverage.ts';
import type { Declared } from './declared.ts';
import { deleteFabric, ensureFabric } from './enforce-nft.ts';
import { FIREWALL, PEERING } from './kinds.ts';
import { earliest, type Tools } from './world.ts';

const FINALIZER = 'peeringconnectivity-controller.security.liqo.io/finalizer';
/** After so long a deletion waits for nobody any more. */
const PATIENCE_MS = 60_000;
/** Until a deletion that failed is tried again. */
const AGAIN_MS = 5000;

/** Holds a peering until what enforces it is gone. */
export async function addFinalizer(tools: Tools, key: string, declared: Declared, signal: AbortSignal): Promise<void> {
  if (declared.finalizers.includes(FINALIZER)) return;
  await patchFinalizers(tools, key, declared, [...declared.finalizers, FINALIZER], signal);
}

/** How a deletion stands. `failed`: why it could not go on as it should; it goes on all the same when `again` is undefined. */
export interface Deletion {
  readonly again: number | undefined;
  readonly failed: string | undefined;
}

/** Disarms, deletes, and lets the object go: within a minute, whoever is gone, and whoever refuses. */
export async function finishDeletion(
  tools: Tools,
  key: string,
  declared: Declared,
  signal: AbortSignal,
): Promise<Deletion> {
  const done = { again: undefined, failed: undefined };
  if (!declared.finalizers.includes(FINALIZER)) return done;
  const { context } = tools;
  const waited = context.clock.wall() - Date.parse(declared.deletedAt ?? '');
  try {
    const again = await removeAll(tools, key, waited > PATIENCE_MS, signal);
    if (again !== undefined) return { again, failed: undefined };
  } catch (error) {
    if (signal.aborted) throw error;
    context.log.warn('deletion: what enforces the peering cannot be taken away', {
      peering: key,
      error: messageOf(error),
    });
    if (waited <= PATIENCE_MS) return { again: AGAIN_MS, failed: messageOf(error) };
    await abandon(tools, key, signal);
  }
  const others = declared.finalizers.filter((each) => each !== FINALIZER);
  try {
    await patchFinalizers(tools, key, declared, others, signal);
  } catch (error) {
    // The server's last answer before an object goes has the version of before: an echo brings us here again.
    if (!means(error, 'notFound')) throw error;
  }
  return done;
}

/** Removes what enforces a peering, by both enforcers. Undefined when nothing is left to wait for. */
export async function removeAll(
  tools: Tools,
  key: string,
  hurry: boolean,
  signal: AbortSignal,
): Promise<number | undefined> {
  const names = namesIn(key);
  if (!names) return undefined;
  const firewall = tools.firewalls.ready()
    ? await tools.liqo.remove(`${refOf(key).namespace}/${names.object}`, hurry, signal)
    : undefined;
  return earliest(firewall, await removeProgram(tools, names.program, hurry, signal));
}

/** Disarms a program, waits for the agents that are alive to say so, and deletes it. */
export async function removeProgram(
  tools: Tools,
  name: string,
  hurry: boolean,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { context, fabric, nodes, reportOf } = tools;
  const stored = fabric.programs.ready() ? fabric.programs.get(name)?.value : undefined;
  if (!stored) {
    if (fabric.slices.ready()) await deleteFabric(context.client, name, fabric, signal);
    return undefined;
  }
  const { peering } = stored.spec;
  const disarmed: FirewallProgram = { peering, generation: 0, disarmed: true, rules: [], sets: [] };
  const { generation } = await ensureFabric(context.client, name, disarmed, fabric, signal);
  if (!hurry) {
    const holding = [...nodes()].some(({ name: node }) => {
      const told = reportOf(node);
      const own =
        told && lifeOf(told, context.clock.wall()) > 0 ? told.programs.find((each) => each.name === name) : undefined;
      return own !== undefined && own.generation !== generation && own.disarmed !== true;
    });
    // Only a report that is still fresh: an agent that is gone lets nothing go.
    if (holding) return 1000;
  }
  await deleteFabric(context.client, name, fabric, signal);
  return undefined;
}

/**
 * Deletes without disarming, as far as it goes: a webhook of a Liqo that is gone refuses every update, and no deletion.
 * What cannot even be deleted stays for whoever can, and holds nobody's finalizer.
 */
async function abandon(tools: Tools, key: string, signal: AbortSignal): Promise<void> {
  const { context, fabric, firewalls } = tools;
  const names = namesIn(key);
  if (!names) return;
  const { namespace = '' } = refOf(key);
  const tries: readonly (() => Promise<void>)[] = [
    async () => {
      if (!firewalls.get(`${namespace}/${names.object}`)) return;
      await context.client.delete(FIREWALL, { namespace, name: names.object }, { signal });
      firewalls.wrote(`${namespace}/${names.object}`, undefined);
    },
    async () => await deleteFabric(context.client, names.program, fabric, signal),
  ];
  for (const remove of tries) {
    try {
      await remove();
    } catch (error) {
      if (signal.aborted) throw error;
      if (!means(error, 'notFound'))
        context.log.error('deletion: left behind', { peering: key, error: messageOf(error) });
    }
  }
}

/** What the peering of a key is enforced by; undefined in a namespace of no peer. */
export function namesIn(key: string): ReturnType<typeof namesOf> | undefined {
  const { namespace = '', name } = refOf(key);
  const cluster = clusterIdOf(namespace);
  return cluster === undefined ? undefined : namesOf(cluster, name);
}

async function patchFinalizers(
  { context, peerings }: Tools,
  key: string,
  declared: Declared,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const stored = peerings.get(key);
  const answer = await context.client.mergePatch(
    PEERING,
    refOf(key),
    { metadata: { resourceVersion: stored?.version, finalizers } },
    { signal },
  );
  peerings.wrote(key, { value: { ...declared, finalizers }, version: answer.metadata.resourceVersion ?? '' });
}
