import {
  type Applier,
  type Client,
  type Desired,
  KubeError,
  means,
  type Result,
  refOf,
  type Step,
  untyped,
} from '../../kube/index.ts';
import { DELETE_DATA } from '../../workload/index.ts';
import { CLAIM, RENDERED } from './kinds.ts';
import { beginWith, handOverReplicas, leastReplicas } from './replicas.ts';

export interface SettledWorkload {
  readonly writes: number;
  readonly failed: readonly { readonly id: string; readonly error: KubeError }[];
  readonly foreign: readonly string[];
}

/**
 * Makes the cluster hold what is desired of an owner: applies in the order given, then takes away the rest. Data is
 * kept: a claim, and an object of a class, goes only when it says so itself. One object that fails keeps no other from being written.
 */
export async function settleWorkload(
  owner: string,
  desired: readonly Desired[],
  { applier, client }: { readonly applier: Applier; readonly client: Client },
  signal: AbortSignal,
): Promise<SettledWorkload> {
  const results: Result[] = [];
  const perform = async (step: Step): Promise<Result> => {
    const scaled = step.kind === 'create' || step.kind === 'update' ? leastReplicas(step.desired, desired) : undefined;
    if (scaled === undefined || (step.kind !== 'create' && step.kind !== 'update'))
      return applier.perform(step, signal);
    await handOverReplicas(step.desired, client, signal);
    const result = await applier.perform(step, signal);
    if (result.did === 'created') await beginWith(scaled, step.desired, client, signal);
    return result;
  };
  for (const step of applier.plan(owner, desired)) {
    try {
      if (takesData(step) && !(await mayGo(step, client, signal))) continue;
      results.push(await perform(step));
    } catch (error) {
      if (!(error instanceof KubeError) || means(error, 'aborted', 'fenced')) throw error;
      results.push({ id: step.id, did: 'failed', error });
    }
  }
  return {
    writes: results.filter(({ did }) => did === 'created' || did === 'updated' || did === 'deleted').length,
    failed: results.flatMap((result) => (result.did === 'failed' ? [{ id: result.id, error: result.error }] : [])),
    foreign: results.flatMap((result) => (result.did === 'refused' ? [result.id] : [])),
  };
}

type Taking = Extract<Step, { kind: 'delete' | 'check' }>;

/** Nobody knows what an object of another operator takes along: a database's may be all that it holds. */
function takesData(step: Step): step is Taking {
  if (step.kind !== 'delete' && step.kind !== 'check') return false;
  const { of } = step;
  const own = RENDERED.some(({ group, kind }) => group === of.group && kind === of.kind);
  return !own || (of.kind === CLAIM.kind && of.group === '');
}

async function mayGo({ of, key }: Taking, client: Client, signal: AbortSignal): Promise<boolean> {
  const object = await client.find(untyped(of), refOf(key), { signal });
  return object === undefined || object.metadata.annotations?.[DELETE_DATA] === 'delete';
}
